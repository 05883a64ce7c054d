from flowc import FlowSpec, step


class EmptyForeach(FlowSpec):
    """A foreach over nothing runs no body and goes on to its join with no inputs."""

    @step
    def start(self):
        self.items = []
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input
        self.next(self.more)

    @step
    def more(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.results)
