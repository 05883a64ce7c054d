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
        self.next({"more": self.inner, "done": self.close}, condition="state", max_iterations=50)

    @step
    def close(self):
        self.next({"more": self.outer, "done": self.end}, condition="state", max_iterations=50)

    @step
    def end(self):
        pass
