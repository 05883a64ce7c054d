from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self, data, model):
        self.next(self.end)

    @step
    def end(self):
        pass
