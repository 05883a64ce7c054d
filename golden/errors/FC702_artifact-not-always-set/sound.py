"""Set on every path that gets there, or read on those only on which it is set."""

from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    fast = Parameter("fast", default=True)

    @step
    def start(self):
        if self.fast:
            self.model = "quick"
            self.note = "fast"
        elif self.fast is False:
            self.model = "slow"
        else:
            raise ValueError(self.fast)
        for number in (1, 2, 3):
            self.last = number
        try:
            self.size = int(self.model)
        except ValueError:
            self.size = 0
        self.mode = "left"
        self.next({"left": self.left, "right": self.right}, condition="mode")

    @step
    def left(self):
        self.side = "left"
        self.next(self.end)

    @step
    def right(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.model, self.last, self.size, self.side)
        if self.fast:
            print(self.note)
