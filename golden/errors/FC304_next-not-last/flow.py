from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
        self.done = True

    @step
    def end(self):
        pass
