from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        go = self.next
        go(self.end)

    @step
    def end(self):
        pass
