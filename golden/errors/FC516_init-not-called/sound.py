"""An `__init__` that sets nothing, and one of another class."""

from flowc import FlowSpec, step


class Rows:
    def __init__(self):
        self.rows = [1]


class Example(FlowSpec):
    def __init__(self, use_cli=True):
        """Nothing is lost with it."""
        super().__init__(use_cli)

    @step
    def start(self):
        self.rows = Rows().rows
        self.next(self.end)

    @step
    def end(self):
        print(self.rows)
