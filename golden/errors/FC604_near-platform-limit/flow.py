from flowc import FlowSpec, environment, step


class Example(FlowSpec):
    @environment(vars={"TABLE": "0.25, " * 2_000})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
