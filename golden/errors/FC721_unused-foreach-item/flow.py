from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.work, foreach="rows")

    @step
    def work(self):
        print("working")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
