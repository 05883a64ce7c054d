from flowc import FlowSpec, foreach, step


class ForeachModes(FlowSpec):
    """Foreach as somebody wants them, and as flowc chooses: which kind of map they are, and how many items run at a time."""

    @foreach(max_concurrency=2)
    @step
    def start(self):
        self.seeds = list(range(3))
        self.next(self.grow, foreach="seeds")

    @foreach(mode="inline")
    @step
    def grow(self):
        self.leaves = [self.input] * (self.input + 1)
        self.next(self.leaf, foreach="leaves")

    @step
    def leaf(self):
        self.size = self.input + self.index
        self.next(self.more)

    @step
    def more(self):
        self.size += 1
        self.state = "grown" if self.size > 3 else "growing"
        self.next({"growing": self.more, "grown": self.prune}, condition="state", max_iterations=10)

    @step
    def prune(self):
        self.next(self.branch)

    @step
    def branch(self, inputs):
        self.sizes = [one.size for one in inputs]
        self.next(self.tree)

    @foreach(mode="distributed", max_concurrency=500)
    @step
    def tree(self, inputs):
        self.sizes = [one.sizes for one in inputs]
        self.rows = [1, 2]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.total = sum(self.sizes[self.input])
        self.next(self.end)

    @step
    def end(self, inputs):
        self.totals = [one.total for one in inputs]
        print(self.totals)


if __name__ == "__main__":
    ForeachModes()
