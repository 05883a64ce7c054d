from flowc import FlowSpec, step

from .words import GREETING


class Example(FlowSpec):
    @step
    def start(self):
        print(GREETING)
        self.next(self.end)

    @step
    def end(self):
        pass
