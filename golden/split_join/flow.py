from flowc import FlowSpec, step


class SplitJoin(FlowSpec):
    """Two branches, one of several steps, joined with merge_artifacts."""

    @step
    def start(self):
        self.common = "both"
        self.next(self.short, self.long)

    @step
    def short(self):
        self.left = 1
        self.score = 10
        self.next(self.join)

    @step
    def long(self):
        self.right = 2
        self.next(self.longer)

    @step
    def longer(self):
        self.right += 1
        self.score = 20
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(inputs, key=lambda one: one.score).score
        self.by_name = (inputs.short.left, inputs.longer.right)
        self.merge_artifacts(inputs, exclude=["score"])
        self.next(self.end)

    @step
    def end(self):
        print(self.best, self.by_name, self.common, self.left, self.right)


if __name__ == "__main__":
    SplitJoin()
