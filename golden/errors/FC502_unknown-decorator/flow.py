from flowc import FlowSpec, resuorces, step


class Example(FlowSpec):
    @resuorces(memory=4000)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
