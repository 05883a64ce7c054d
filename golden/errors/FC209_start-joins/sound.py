"""`start` works with `inputs` of its own, and a loop leads back to it."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    def load(self, inputs):
        return sorted(inputs)

    @step
    def start(self):
        inputs = ["b", "a"]
        self.inputs_seen = self.load(inputs)
        self.turns = getattr(self, "turns", 0) + 1
        if self.turns < 3:
            self.next(self.start)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
