"""What would be too much if it stood once for each step: alike steps share it."""

from flowc import FlowSpec, environment, step

BIG = "x" * 10_000


class Example(FlowSpec):
    @environment(vars={"BIG": BIG})
    @step
    def start(self):
        self.next(self.s1)

    @environment(vars={"BIG": BIG})
    @step
    def s1(self):
        self.next(self.s2)

    @environment(vars={"BIG": BIG})
    @step
    def s2(self):
        self.next(self.s3)

    @environment(vars={"BIG": BIG})
    @step
    def s3(self):
        self.next(self.s4)

    @environment(vars={"BIG": BIG})
    @step
    def s4(self):
        self.next(self.s5)

    @environment(vars={"BIG": BIG})
    @step
    def s5(self):
        self.next(self.s6)

    @environment(vars={"BIG": BIG})
    @step
    def s6(self):
        self.next(self.s7)

    @environment(vars={"BIG": BIG})
    @step
    def s7(self):
        self.next(self.s8)

    @environment(vars={"BIG": BIG})
    @step
    def s8(self):
        self.next(self.s9)

    @environment(vars={"BIG": BIG})
    @step
    def s9(self):
        self.next(self.s10)

    @environment(vars={"BIG": BIG})
    @step
    def s10(self):
        self.next(self.end)

    @step
    def end(self):
        pass
