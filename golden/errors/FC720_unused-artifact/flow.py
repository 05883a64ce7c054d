from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.count = len(self.rows)
        self.next(self.end)

    @step
    def end(self):
        pass
