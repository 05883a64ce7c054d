from flowc import FlowSpec, Parameter, exit_hook, step


def congratulate(run):
    print("well done")


def apologise(run):
    print("sorry")


@exit_hook(on_success=[congratulate], on_error=[apologise])
class ExitHooks(FlowSpec):
    """Functions that run when a run is over, around a split."""

    size = Parameter("size", default=2)

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.sum = self.size + 1
        self.next(self.join)

    @step
    def right(self):
        self.sum = self.size + 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sum = sum(one.sum for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.sum)


if __name__ == "__main__":
    ExitHooks()
