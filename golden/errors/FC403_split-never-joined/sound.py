"""Splits in splits, each with its join; the last of them is `end` itself."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.rows, self.other)

    @step
    def rows(self):
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input > 1:
            self.next(self.big)
        else:
            self.next(self.gather)

    @step
    def big(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.after)

    @step
    def after(self):
        self.next(self.end)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self, inputs):
        pass
