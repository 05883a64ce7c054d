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


def branching(steps: int, package: str = "flowc") -> str:
    """A flow of a split, two chains of steps and a join, five steps at the least.

    It is one split because Metaflow follows every way through a flow: of splits one after the other, 24 are 16 million ways.
    """
    left = (steps - 3) // 2
    chains = {"left": left, "right": steps - 3 - left}
    text = f"from {package} import FlowSpec, step\n\n\nclass Branching(FlowSpec):\n"
    text += "    @step\n    def start(self):\n        self.next(self.left_0, self.right_0)\n\n"
    for side, length in chains.items():
        for number in range(length):
            target = f"{side}_{number + 1}" if number + 1 < length else "join"
            text += f"    @step\n    def {side}_{number}(self):\n        self.x = {number}\n        self.next(self.{target})\n\n"
    text += "    @step\n    def join(self, inputs):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    return text + '\n\nif __name__ == "__main__":\n    Branching()\n'


def branching_for_hera(steps: int) -> str:
    """The graph of `branching` by Hera's classes, which prints its WorkflowTemplate."""
    left = (steps - 3) // 2
    return f"""\
from hera.workflows import DAG, Container, Parameter, Task, WorkflowTemplate

with WorkflowTemplate(name="branching", entrypoint="main") as flow:
    run = Container(
        name="run",
        image="python:3.11",
        inputs=[Parameter(name="step")],
        command=["python", "-m", "work"],
        args=["{{{{inputs.parameters.step}}}}"],
    )
    with DAG(name="main"):
        def task(name):
            return Task(name=name, template=run, arguments={{"step": name}})

        start, join, end = task("start"), task("join"), task("end")
        for side, length in (("left", {left}), ("right", {steps - 3 - left})):
            last = start
            for number in range(length):
                last = last >> task(f"{{side}}-{{number}}")
            last >> join
        join >> end
print(flow.to_yaml())
"""


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
