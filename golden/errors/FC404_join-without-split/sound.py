"""Two splits of one step meet in one join, which a loop comes by again."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.turns = 0
        self.next(self.split)

    @step
    def split(self):
        if self.turns:
            self.next(self.a, self.b)
        else:
            self.next(self.c, self.d)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def c(self):
        self.next(self.join)

    @step
    def d(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.turns = inputs[0].turns + 1
        if self.turns < 2:
            self.next(self.split)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
