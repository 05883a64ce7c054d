"""Perhaps read by code that is not followed."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        for name in ("rows", "count"):
            print(getattr(self, name, None))
