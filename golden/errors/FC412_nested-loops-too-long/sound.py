"""Nested loops that together make the most of the turns there are, and two of the longest one after the other."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.state = "done"
        self.next(self.outer)

    @step
    def outer(self):
        self.next(self.inner)

    @step
    def inner(self):
        self.next({"more": self.inner, "done": self.close}, condition="state", max_iterations=5)

    @step
    def close(self):
        self.next({"more": self.outer, "done": self.after}, condition="state", max_iterations=85)

    @step
    def after(self):
        self.next({"more": self.after, "done": self.last}, condition="state", max_iterations=90)

    @step
    def last(self):
        self.next({"more": self.last, "done": self.end}, condition="state", max_iterations=90)

    @step
    def end(self):
        pass
