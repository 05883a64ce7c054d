"""Names that are crossed, or that one begins with another, are still different."""

from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    rate = Parameter("learning-rate", default=0.5)
    learning_rate = Parameter("rate", default=0.9)
    learningrate = Parameter("learningrate", default=0.1)
    learning = Parameter("learning", default=0.1)
    rate_2 = Parameter("rate-2", default=0.1)

    @step
    def start(self):
        rate = self.rate
        self.product = rate * self.learning_rate * self.learningrate * self.learning * self.rate_2
        self.next(self.end)

    @step
    def end(self):
        pass
