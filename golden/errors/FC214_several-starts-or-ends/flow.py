from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        if self.good:
            self.next(self.report)
        else:
            self.next(self.complain)

    @step(end=True)
    def report(self):
        pass

    @step(end=True)
    def complain(self):
        pass
