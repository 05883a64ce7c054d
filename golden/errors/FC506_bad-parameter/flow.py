from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("alpha", default="half", type=float)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
