"""Code that may set anything: nothing is claimed."""

from flowc import FlowSpec, step


def fill(flow):
    flow.filled = 1


class Example(FlowSpec):
    @step
    def start(self):
        for name in ("low", "high"):
            setattr(self, name, len(name))
        fill(self)
        self.next(self.end)

    @step
    def end(self):
        print(self.low + self.high + self.filled)
