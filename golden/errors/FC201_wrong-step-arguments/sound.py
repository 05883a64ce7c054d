from functools import partial

from flowc import FlowSpec, step


def scale(data, *, factor):
    return [item * factor for item in data]


class Example(FlowSpec):
    def helper(self, data, model=None, *rest, **options):
        return partial(scale, factor=2)(data)

    @step
    def start(this) -> None:
        this.data = this.helper([1], "model", 3, four=4)
        this.next(this.left, this.right)

    @step
    def left(self, /):
        def add(one, two, three=3):
            return one + two + three

        self.sum = add(1, 2) + (lambda x, y: x * y)(2, 3)
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, branches: list[object], /) -> None:
        self.data = [branch.data for branch in branches]
        self.next(self.end)

    @step
    def end(self):
        pass
