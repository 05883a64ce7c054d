"""`end` stands first, returns early, and joins."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def end(self, inputs):
        if len(inputs) == 2:
            return
        print("over")

    @step
    def start(self):
        self.next(self.finish, self.ending)

    @step
    def finish(self):
        self.next(self.end)

    @step
    def ending(self):
        self.next(self.end)
