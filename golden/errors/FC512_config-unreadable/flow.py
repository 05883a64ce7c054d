from flowc import Config, FlowSpec, step


class Example(FlowSpec):
    settings = Config("settings", default_value='{"memory" 4096}')

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
