from flowc import FlowSpec, step


class Common(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


class Example(FlowSpec, Common):
    pass
