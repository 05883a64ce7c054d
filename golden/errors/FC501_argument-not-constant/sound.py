"""All that can be worked out without running anything; and things known only at run time, where a step may use them."""

import os

from flowc import FlowSpec, Parameter, environment, resources, retry, step

NAME = "n"
SIZE: int = 2
MORE = {"B": "2"}
MB = 1


def timed(limit):
    return lambda function: function


class Example(FlowSpec):
    MB = 1024
    size = Parameter("size", default=MB * 2)
    home = Parameter("home", default=lambda context: os.environ.get("HOME", ""), type=str)

    @environment(vars={"A": f"{NAME}-{SIZE:>4}", **MORE})
    @resources(memory=8000 if SIZE > 1 and NAME else MB, cpu="2", gpu=None)
    @timed(limit=int(os.environ.get("LIMIT", "3")))
    @step
    def start(self):
        self.path = os.environ["PATH"]
        self.next(self.middle)

    @retry(times=SIZE // 2 or 3, minutes_between_retries=0)
    @resources(memory=SIZE * MB, cpu=-(-3 // 2))
    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.size, os.environ["PATH"])
