"""A step takes the place of a step, and of a method; a method that of a method."""

from base import Common
from flowc import step


class Middle(Common):
    def report(self):
        raise NotImplementedError

    def note(self):
        return 1


class Example(Middle):
    @step
    def train(self):
        self.next(self.report)

    @step
    def report(self):
        self.noted = self.note()
        self.next(self.end)

    def note(self):
        return super().note() + 1
