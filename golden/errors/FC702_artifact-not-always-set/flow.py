from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    fast = Parameter("fast", default=True)

    @step
    def start(self):
        if self.fast:
            self.model = "quick"
        self.next(self.end)

    @step
    def end(self):
        print(self.model)
