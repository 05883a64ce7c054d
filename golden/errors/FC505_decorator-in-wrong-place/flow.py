from flowc import FlowSpec, schedule, step


class Example(FlowSpec):
    @schedule(daily=True)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
