from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("learning-rate", default=0.5)
    beta = Parameter("learning_rate", default=0.9)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
