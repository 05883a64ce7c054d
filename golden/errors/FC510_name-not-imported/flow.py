from flowc import FlowSpec, step


class Example(FlowSpec):
    @retry(times=3)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
