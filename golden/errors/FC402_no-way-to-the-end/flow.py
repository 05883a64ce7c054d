from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.ready = False
        self.next({True: self.end, False: self.wait}, condition="ready")

    @step
    def wait(self):
        self.next(self.again)

    @step
    def again(self):
        self.next(self.wait)

    @step
    def end(self):
        pass
