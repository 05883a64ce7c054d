from flowc import FlowSpec, catch, step


class Example(FlowSpec):
    @catch(var="failure")
    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
