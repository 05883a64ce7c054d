from flowc import FlowSpec, step


class SwitchToJoin(FlowSpec):
    """A switch inside a foreach and inside a branch, with arms that lead straight into the join."""

    @step
    def start(self):
        self.numbers = [1, 2, 3, 4]
        self.next(self.check, foreach="numbers")

    @step
    def check(self):
        self.number = self.input
        self.odd = bool(self.number % 2)
        self.next({True: self.mend, False: self.join}, condition="odd")

    @step
    def mend(self):
        self.number += 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.numbers = [one.number for one in inputs]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        if sum(self.numbers) > 100:
            self.next(self.shrink)
        else:
            self.next(self.meet)

    @step
    def shrink(self):
        self.numbers = self.numbers[:1]
        self.next(self.meet)

    @step
    def right(self):
        self.side = "right"
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.sides = [one.side for one in inputs]
        self.result = inputs[0].numbers
        self.next(self.end)

    @step
    def end(self):
        print(self.result, self.sides)


if __name__ == "__main__":
    SwitchToJoin()
