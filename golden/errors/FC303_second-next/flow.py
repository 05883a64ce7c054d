from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.a)
        self.next(self.b)

    @step
    def a(self):
        self.next(self.end)

    @step
    def b(self):
        self.next(self.end)

    @step
    def end(self):
        pass
