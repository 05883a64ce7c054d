from flowc import FlowSpec, step


class LoopExits(FlowSpec):
    """A loop in a foreach, with a split inside it, that can be left to two different steps, one of them the foreach's join."""

    @step
    def start(self):
        self.limits = [1, 3]
        self.next(self.init, foreach="limits")

    @step
    def init(self):
        self.limit = self.input
        self.total = 0
        self.next(self.work)

    @step
    def work(self):
        self.next(self.one, self.two)

    @step
    def one(self):
        self.add = 1
        self.next(self.both)

    @step
    def two(self):
        self.add = 2
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs, exclude=["add"])
        self.total += sum(branch.add for branch in inputs)
        self.state = "more" if self.total < self.limit * 3 else "large" if self.total > 3 else "small"
        self.next({"more": self.work, "large": self.alert, "small": self.join}, condition="state")

    @step
    def alert(self):
        self.total = -self.total
        self.next(self.join)

    @step
    def join(self, inputs):
        self.totals = [one.total for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.totals)


if __name__ == "__main__":
    LoopExits()
