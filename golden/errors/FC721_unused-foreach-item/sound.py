"""Used by a method of the second step."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.work, foreach="rows")

    @step
    def work(self):
        self.next(self.more)

    @step
    def more(self):
        print(self.place())
        self.next(self.join)

    def place(self):
        return self.index

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
