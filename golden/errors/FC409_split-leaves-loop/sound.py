"""A loop that is left for a step which splits, and a loop that splits and joins in every turn."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = []
        self.next(self.collect)

    @step
    def collect(self):
        self.items.append(1)
        if len(self.items) < 3:
            self.next(self.collect)
        else:
            self.next(self.fan)

    @step
    def fan(self):
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.items = inputs[0].items[1:]
        if self.items:
            self.next(self.fan)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
