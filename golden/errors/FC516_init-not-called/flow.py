from flowc import FlowSpec, step


class Example(FlowSpec):
    def __init__(self):
        super().__init__()
        self.rows = []

    @step
    def start(self):
        self.rows = [1]
        self.next(self.end)

    @step
    def end(self):
        print(self.rows)
