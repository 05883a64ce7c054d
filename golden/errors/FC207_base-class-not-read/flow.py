from company.flows import Common
from flowc import FlowSpec, step


class Example(Common, FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
