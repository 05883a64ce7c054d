"""Every value that it can have has a case: also where Python takes two values for one."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "unknown"
        self.kind = "a" if self.index is None else "b"
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @step
    def a(self):
        self.ready = 1
        self.next({True: self.end, False: self.a}, condition="ready")

    @step
    def end(self):
        pass
