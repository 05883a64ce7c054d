from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.work, foreach="row")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
