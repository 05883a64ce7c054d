"""The ways of a switch, and those of an `if`, meet in plain steps: only one of them is taken."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.a, "b": self.b, "c": self.meet}, condition="kind")

    @step
    def a(self):
        self.next(self.meet)

    @step
    def b(self):
        self.next(self.meet)

    @step
    def meet(self):
        if self.kind == "a":
            self.next(self.c)
        elif self.kind == "b":
            self.next(self.d)
        else:
            self.next(self.last)

    @step
    def c(self):
        self.next(self.last)

    @step
    def d(self):
        self.next(self.last)

    @step
    def last(self):
        self.next(self.end)

    @step
    def end(self):
        pass
