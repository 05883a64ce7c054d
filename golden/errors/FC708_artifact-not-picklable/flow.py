from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.log = open("log.txt", "w")
        self.log.write("started")
        self.next(self.end)

    @step
    def end(self):
        pass
