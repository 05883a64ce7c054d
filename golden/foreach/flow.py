from flowc import FlowSpec, step


class Foreach(FlowSpec):
    """One task for each item; the join sees them in order."""

    @step
    def start(self):
        self.words = ["a", "bb", "ccc"]
        self.next(self.measure, foreach="words")

    @step
    def measure(self):
        self.length = len(self.input) * 10 + self.index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.lengths = [one.length for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.lengths)


if __name__ == "__main__":
    Foreach()
