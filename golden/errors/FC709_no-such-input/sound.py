"""By the step that a branch ends with, by position, one after the other."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.x = 1
        self.next(self.longer)

    @step
    def longer(self):
        self.next(self.join)

    @step
    def b(self):
        self.x = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        first, second = inputs
        self.sum = inputs.longer.x + inputs.b.x + inputs[0].x + inputs[-1].x
        self.sum += first.x + second.x + sum(one.x for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.sum)
