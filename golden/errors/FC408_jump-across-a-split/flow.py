from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        if self.items:
            self.next(self.work, foreach="items")
        else:
            self.next(self.work)

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
