from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.a, "b": self.b}, condition="kind")

    @step
    def a(self):
        self.next(self.b)

    @step
    def b(self):
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @step
    def end(self):
        pass
