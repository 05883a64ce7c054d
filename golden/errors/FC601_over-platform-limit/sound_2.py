"""The longest names, and a wide split."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.a_step_whose_name_says_all_that_it_does_and_then_goes_on_and_on_about_why_it_does_it_and_for_whom_until_nobody_reads_it_any_more_x)

    @step
    def a_step_whose_name_says_all_that_it_does_and_then_goes_on_and_on_about_why_it_does_it_and_for_whom_until_nobody_reads_it_any_more_x(self):
        self.next(self.b0, self.b1, self.b2, self.b3, self.b4, self.b5, self.b6, self.b7, self.b8, self.b9, self.b10, self.b11)

    @step
    def b0(self):
        self.next(self.join)

    @step
    def b1(self):
        self.next(self.join)

    @step
    def b2(self):
        self.next(self.join)

    @step
    def b3(self):
        self.next(self.join)

    @step
    def b4(self):
        self.next(self.join)

    @step
    def b5(self):
        self.next(self.join)

    @step
    def b6(self):
        self.next(self.join)

    @step
    def b7(self):
        self.next(self.join)

    @step
    def b8(self):
        self.next(self.join)

    @step
    def b9(self):
        self.next(self.join)

    @step
    def b10(self):
        self.next(self.join)

    @step
    def b11(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
