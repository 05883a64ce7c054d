"""A body of one step, a body that is a foreach itself, and a switch in a branch that leads straight to the join."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [[1], [2, 3]]
        self.next(self.outer, foreach="items")

    @step
    def outer(self):
        self.rows = self.input
        self.next(self.inner, foreach="rows")

    @step
    def inner(self):
        self.size = "small" if self.input < 3 else "large"
        self.next({"small": self.close, "large": self.more}, condition="size")

    @step
    def more(self):
        self.next(self.close)

    @step
    def close(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
