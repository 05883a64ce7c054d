from flowc import Config, FlowSpec, step


class Example(FlowSpec):
    settings = Config("settings", required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
