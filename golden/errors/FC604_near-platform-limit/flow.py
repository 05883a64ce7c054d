from flowc import FlowSpec, environment, step


class Example(FlowSpec):
    @environment(vars={"TABLE": "0.25, " * 3_500})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
