"""The least and the most that there is, and a bound that is worked out."""

from flowc import FlowSpec, step

TURNS = 9


class Example(FlowSpec):
    @step
    def start(self):
        self.state = "done"
        self.next({"more": self.start, "done": self.longest}, condition="state", max_iterations=1)

    @step
    def longest(self):
        self.next({"more": self.longest, "done": self.computed}, condition="state", max_iterations=90)

    @step
    def computed(self):
        self.next({"more": self.computed, "done": self.end}, condition="state", max_iterations=TURNS * 10)

    @step
    def end(self):
        pass
