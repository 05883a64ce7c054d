"""Nothing is required, or a default is there."""

from flowc import Config, FlowSpec, step


class Example(FlowSpec):
    settings = Config("settings")
    other = Config("other", required=False)
    third = Config("third", default_value={})

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
