from flowc import FlowSpec, secrets, step


class Example(FlowSpec):
    @secrets(sources=["database"])
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
