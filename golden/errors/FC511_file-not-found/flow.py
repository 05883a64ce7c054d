from flowc import Config, FlowSpec, step


class Example(FlowSpec):
    settings = Config("settings", default="settings.json")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
