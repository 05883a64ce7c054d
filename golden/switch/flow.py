from flowc import FlowSpec, Parameter, step


class Switch(FlowSpec):
    """A switch on an artifact. Two of its cases lead to the same step, and one arm is longer than the others."""

    kind = Parameter("kind", default="large")

    @step
    def start(self):
        self.route = self.kind
        self.how = "at once"
        self.next({"small": self.quick, "tiny": self.quick, "large": self.slow, 0: self.meet}, condition="route")

    @step
    def quick(self):
        self.how = "quick"
        self.next(self.meet)

    @step
    def slow(self):
        self.how = "slow"
        self.next(self.slower)

    @step
    def slower(self):
        self.how += "er"
        self.next(self.meet)

    @step
    def meet(self):
        self.seen = self.how
        self.next(self.end)

    @step
    def end(self):
        print(self.seen)


if __name__ == "__main__":
    Switch()
