from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @step
    def work(self):
        self.state = "done"
        self.next({"more": self.work, "done": self.end}, condition="state", max_iterations=1000)

    @step
    def end(self):
        pass
