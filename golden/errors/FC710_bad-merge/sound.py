"""Some of the inputs, names that one branch has, and a merge that is prepared to fail."""

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
        self.merge_artifacts(inputs[:1], include=["x"])
        self.merge_artifacts(inputs, exclude=["nothing"])
        try:
            self.merge_artifacts(inputs, include=["bsae"])
        except Exception:
            print("no input has it")
        self.next(self.end)

    @step
    def end(self):
        pass
