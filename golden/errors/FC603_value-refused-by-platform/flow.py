from flowc import FlowSpec, step, timeout


class Example(FlowSpec):
    @timeout(seconds=30)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
