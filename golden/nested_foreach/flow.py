from flowc import FlowSpec, current, step


class NestedForeach(FlowSpec):
    """A foreach in a foreach, with a split inside the inner one."""

    @step
    def start(self):
        self.rows = [[1, 2], [3], []]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = self.input
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.value = self.input
        self.next(self.double, self.square)

    @step
    def double(self):
        self.result = self.value * 2
        self.next(self.both)

    @step
    def square(self):
        self.result = self.value**2
        self.next(self.both)

    @step
    def both(self, inputs):
        self.pair = (inputs.double.result, inputs.square.result)
        self.path = current.task_id
        self.next(self.row_done)

    @step
    def row_done(self, inputs):
        self.pairs = [(one.path, one.pair) for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.table = [one.pairs for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.table)


if __name__ == "__main__":
    NestedForeach()
