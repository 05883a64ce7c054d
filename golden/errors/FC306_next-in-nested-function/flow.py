from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        def go():
            self.next(self.end)

        go()
        self.next(self.end)

    @step
    def end(self):
        pass
