from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        for item in self.items:
            self.next(self.end)

    @step
    def end(self):
        pass
