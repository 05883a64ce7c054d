"""A bound on a way to the step itself, and one on a way back to an earlier step."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.turns = 0
        self.state = "more"
        self.next(self.work)

    @step
    def work(self):
        self.next(self.check)

    @step
    def check(self):
        self.turns += 1
        if self.turns < 3:
            self.next(self.work, max_iterations=5)
        else:
            self.next(self.alone)

    @step
    def alone(self):
        self.turns -= 1
        self.state = "more" if self.turns else "done"
        self.next({"more": self.alone, "done": self.end}, condition="state", max_iterations=5)

    @step
    def end(self):
        pass
