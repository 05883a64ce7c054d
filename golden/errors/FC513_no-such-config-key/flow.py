from flowc import Config, FlowSpec, resources, step


class Example(FlowSpec):
    settings = Config("settings", default_value={"size": {"memory": 4096, "cpu": 2}})

    @resources(memory=settings.size.memroy)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
