"""A byte-order mark, lines that end as on Windows, and characters that only look like trouble: \0,  and 🚀."""
from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.größe = "ÿ\x00\udc80 🚀"
        self.next(self.end)

    @step
    def end(self):
        assert len(self.größe) == 5
