"""Files that are there, and some that nobody has named yet."""

from flowc import Config, FlowSpec, IncludeFile, step


class Example(FlowSpec):
    settings = Config("settings")
    text = IncludeFile("text", default="message.txt")
    other = IncludeFile("other")
    late = IncludeFile("late", default=lambda: None)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
