import flowc
from flowc import FlowSpec, step


class Example(FlowSpec):
    @flowc.resuorces(memory=4000)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
