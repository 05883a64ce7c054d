from flowc import FlowSpec, step


class Common:
    data = 1


class Example(Common, FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
