from flowc import FlowSpec, step


class Example(FlowSpec):
    @step(start=True)
    def load(self):
        self.next(self.report)

    @step(last=True, end=True)
    def report(self):
        pass
