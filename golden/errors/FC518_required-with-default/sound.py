"""Required without a default, or the other way round."""

from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("alpha", default=0.5, required=False)
    beta = Parameter("beta", default=0.5)
    gamma = Parameter("gamma", default=None)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
