from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "other"
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
