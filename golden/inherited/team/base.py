from abc import ABC

from flowc import FlowSpec, Parameter, project, retry, step

from . import limits

__all__ = ["Pipeline"]

NAME = "te" + "am"


@project(name=NAME)
class Pipeline(FlowSpec, ABC):
    FIRST = 1

    count = Parameter("count", default=FIRST + limits.FACTOR, help="How many numbers")

    @retry(times=FIRST)
    @step
    def start(self):
        self.numbers = list(range(self.count))
        self.next(self.work)

    @step
    def work(self):
        raise NotImplementedError

    def work_on(self, factor):
        self.total = sum(factor * number for number in self.numbers)

    @step
    def end(self):
        self.ended = True
