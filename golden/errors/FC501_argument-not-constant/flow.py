import os

from flowc import FlowSpec, resources, step


class Example(FlowSpec):
    @resources(memory=int(os.environ["MB"]))
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
