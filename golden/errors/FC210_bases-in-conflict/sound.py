"""The same bases in an order that Python accepts: the special before the general, in a diamond too."""

from abc import ABC

from flowc import FlowSpec, step


class Common(FlowSpec, ABC):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


class Left(Common):
    pass


class Right(Common):
    pass


class Example(Left, Right, Common, FlowSpec, ABC):
    pass
