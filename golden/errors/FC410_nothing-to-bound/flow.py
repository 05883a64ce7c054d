from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.end, max_iterations=5)

    @step
    def end(self):
        pass
