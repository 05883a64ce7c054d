"""A loop entered from two places, but at one step; and a loop in it that shares this step's way back."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "a"
        self.turns = 0
        self.next({"a": self.prepare, "b": self.a}, condition="kind")

    @step
    def prepare(self):
        self.next(self.a)

    @step
    def a(self):
        self.next(self.b)

    @step
    def b(self):
        self.turns += 1
        self.kind = ["b", "a", "end"][min(self.turns, 3) - 1]
        self.next({"a": self.a, "b": self.b, "end": self.end}, condition="kind", max_iterations=10)

    @step
    def end(self):
        pass
