"""A step reached from two arms, both of which fan out; and one reached from two ways inside the same branch."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        if len(self.items) > 1:
            self.next(self.work, foreach="items")
        else:
            self.items = [*self.items, 2]
            self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input == 1:
            self.next(self.extra)
        else:
            self.next(self.shared)

    @step
    def extra(self):
        self.next(self.shared)

    @step
    def shared(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
