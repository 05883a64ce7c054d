from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach=self.items)

    @step
    def work(self):
        self.next("join")

    @step
    def join(self, inputs):
        self.next(*[self.end])

    @step
    def end(self):
        pass
