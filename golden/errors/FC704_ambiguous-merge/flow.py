from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rates = [0.1, 0.2]
        self.next(self.train, foreach="rates")

    @step
    def train(self):
        self.score = 1 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
