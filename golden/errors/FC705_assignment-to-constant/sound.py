"""Names of its own, a property that takes values, and an attempt that is prepared to fail."""

from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    alpha = Parameter("alpha", default=0.1)
    LIMITS = {"low": 1}
    rate: float

    @step
    def start(self):
        self.rate = self.alpha * 2
        self.limit = self.LIMITS["low"]
        self.doubled = 3
        try:
            self.alpha = 0.2
        except AttributeError:
            print("a parameter stays as it is")
        alpha = self.alpha
        print(alpha, self.doubled)
        self.next(self.end)

    @property
    def doubled(self):
        return self.kept * 2

    @doubled.setter
    def doubled(self, value):
        self.kept = value

    @step
    def end(self):
        pass
