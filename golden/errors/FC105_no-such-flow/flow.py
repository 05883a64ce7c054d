# flowc check flow.py:Trian
from flowc import FlowSpec, step


class Train(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
