from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("alpha", default=0.5, required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
