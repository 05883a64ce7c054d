"""A flow that neither starts at `start` nor ends at `end`: a step of that name is one like any other."""

from flowc import FlowSpec, step


class NamedEnds(FlowSpec):
    @step(start=True)
    def load(self):
        self.rows = [3, 1, 2]
        self.next(self.start, self.end)

    @step
    def start(self):
        self.least = min(self.rows)
        self.next(self.join)

    @step
    def end(self):
        self.most = max(self.rows)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.span = (inputs.start.least, inputs.end.most)
        self.next(self.report)

    @step(end=True)
    def report(self):
        print("from", *self.span)


if __name__ == "__main__":
    NamedEnds()
