"""One mark each; steps that are only named so are steps like any other, and an overridden mark does not count."""

from flowc import FlowSpec, step


class Common(FlowSpec):
    @step(start=True)
    def load(self):
        self.next(self.end)

    @step(end=True)
    def end(self):
        self.next(self.report)


class Example(Common):
    @step
    def end(self):
        self.next(self.report)

    @step(end=True)
    def report(self):
        pass
