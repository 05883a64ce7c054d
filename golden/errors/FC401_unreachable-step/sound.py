"""Steps that only one case of a switch, one arm of an `if`, or a loop leads to; and a method that nothing calls."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    def lost(self):
        return None

    @step
    def by_loop(self):
        self.kind = "other"
        self.next(self.choose)

    @step
    def by_switch(self):
        self.next(self.by_loop)

    @step
    def by_arm(self):
        self.next(self.end)

    @step
    def start(self):
        self.kind = "rare"
        self.next(self.choose)

    @step
    def choose(self):
        self.next({"rare": self.by_switch, "other": self.decide}, condition="kind")

    @step
    def decide(self):
        if self.kind == "rare":
            self.next(self.end)
        elif self.kind == "none":
            self.next(self.by_arm)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
