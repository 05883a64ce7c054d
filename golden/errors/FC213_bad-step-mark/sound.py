"""Marks by constants, marks that say what holds anyway, and empty brackets."""

from flowc import FlowSpec, step

YES = True


class Example(FlowSpec):
    @step(start=YES)
    def load(self):
        self.next(self.work)

    @step()
    def work(self):
        self.next(self.report)

    @step(end=not False, start=False)
    def report(self):
        pass
