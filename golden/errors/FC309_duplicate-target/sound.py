"""One step named several times, but in different calls or different cases."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = ["x"]
        if len(self.items) > 1:
            self.items = self.items[:1]
            self.next(self.a, foreach="items")
        else:
            self.next(self.a, foreach="items")

    @step
    def a(self):
        self.next(self.a2, self.A)

    @step
    def a2(self):
        self.next(self.meet)

    @step
    def A(self):
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.kind = "left"
        self.next({"left": self.last, "right": self.last, "none": self.end}, condition="kind")

    @step
    def last(self):
        if self.kind == "left":
            self.next(self.end)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
