from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.ok = True
        if self.ok:
            self.next(self.end)

    @step
    def end(self):
        pass
