"""Large, and yet less than 80 % of what a job definition may have."""

from flowc import FlowSpec, environment, step


class Example(FlowSpec):
    @environment(vars={"TABLE": "0.25, " * 1_600})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
