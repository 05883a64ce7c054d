from flowc import FlowSpec, Parameter, step


class IfElse(FlowSpec):
    """`self.next` in the arms of an `if`: a step, a split, or a foreach, chosen when the flow runs."""

    size = Parameter("size", default=3)

    @step
    def start(self):
        if self.size > 2:
            self.parts = list(range(self.size))
            self.next(self.part, foreach="parts")
        elif self.size == 2:
            self.next(self.first, self.second)
        else:
            self.next(self.only)

    @step
    def part(self):
        self.value = self.input * 10
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = [one.value for one in inputs]
        self.next(self.report)

    @step
    def first(self):
        self.value = "first"
        self.next(self.pair)

    @step
    def second(self):
        self.value = "second"
        self.next(self.pair)

    @step
    def pair(self, inputs):
        self.values = [one.value for one in inputs]
        self.next(self.report)

    @step
    def only(self):
        self.values = ["only"]
        self.next(self.report)

    @step
    def report(self):
        match len(self.values):
            case 0:
                raise ValueError("nothing to report")
            case 1:
                self.next(self.end)
            case _:
                self.next(self.summarise)

    @step
    def summarise(self):
        self.summary = f"{len(self.values)} values"
        self.next(self.end)

    @step
    def end(self):
        print(self.values)


if __name__ == "__main__":
    IfElse()
