"""The flows that are measured, for flowc and for Metaflow alike."""

from __future__ import annotations


def linear(steps: int, package: str = "flowc") -> str:
    """A flow of steps that stand one after the other."""
    names = ["start", *(f"step_{number}" for number in range(1, steps - 1)), "end"]
    text = f"from {package} import FlowSpec, step\n\n\nclass Linear(FlowSpec):\n"
    for name, target in zip(names, [*names[1:], None], strict=True):
        goes_on = f"self.next(self.{target})" if target else "pass"
        text += f"    @step\n    def {name}(self):\n        self.x = {name!r}\n        {goes_on}\n\n"
    return text + '\nif __name__ == "__main__":\n    Linear()\n'


def fanout(width: int, package: str = "flowc") -> str:
    """A flow with one foreach."""
    return f"""\
from {package} import FlowSpec, step


class Fanout(FlowSpec):
    @step
    def start(self):
        self.items = list(range({width}))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    Fanout()
"""


def pod(package: str = "flowc") -> str:
    """A flow of three steps, each with an artifact; the second loads it, prints a line and saves another."""
    return f"""\
from {package} import FlowSpec, step


class Pod(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.middle)

    @step
    def middle(self):
        self.y = self.x + 1
        print("a line")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Pod()
"""
