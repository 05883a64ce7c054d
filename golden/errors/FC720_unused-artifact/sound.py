"""Read by another step, or left by the last one."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.rows)
