"""`start` stands last, and others are named like it."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def end(self):
        pass

    @step
    def start_over(self):
        self.next(self.end)

    @step
    def begin(self):
        self.next(self.start_over)

    @step
    def start(self):
        self.next(self.begin)
