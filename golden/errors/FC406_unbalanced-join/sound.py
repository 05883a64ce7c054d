"""Two joins of two splits, one in the other; and a branch whose ways part before they come to the join."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "short"
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.a1, self.a2)

    @step
    def b(self):
        self.next({"short": self.join_b, "long": self.b1}, condition="kind")

    @step
    def a1(self):
        self.next(self.join_a)

    @step
    def a2(self):
        self.next(self.join_a)

    @step
    def b1(self):
        self.next(self.join_b)

    @step
    def join_a(self, inputs):
        self.next(self.join_b)

    @step
    def join_b(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
