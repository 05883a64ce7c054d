"""Merged, or assigned in the join; parameters and constants need neither."""

from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("alpha", default=1)
    LIMIT = 3

    @step
    def start(self):
        self.base = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.x = 1
        self.next(self.join)

    @step
    def b(self):
        self.y = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.y = inputs.b.y
        self.merge_artifacts(inputs, include=["base", "x"])
        print(self.base)
        self.next(self.end)

    @step
    def end(self):
        print(self.x, self.y, self.base, self.alpha, self.LIMIT)
