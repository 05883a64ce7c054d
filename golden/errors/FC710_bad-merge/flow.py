from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.base = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.x = 1
        self.next(self.join)

    @step
    def b(self):
        self.y = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["bsae"])
        self.next(self.end)

    @step
    def end(self):
        pass
