from flowc import FlowSpec, retry, step


class Example(FlowSpec):
    @retry(times=3)
    @retry(times=4)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
