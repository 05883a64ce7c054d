"""A file that fits, and one that each run names."""

from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    small = IncludeFile("small", default="message.txt", is_text=False)
    model = IncludeFile("model", is_text=False)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
