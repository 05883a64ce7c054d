from flowc import FlowSpec, resources, step


class Example(FlowSpec):
    @resources(memory=2000, cpu=1.5)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
