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
        self.sum = inputs.a.x + inputs.b.y
        self.next(self.end)

    @step
    def end(self):
        print(self.sum, self.base)
