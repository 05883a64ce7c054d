"""Steps, parameters, constants and decorators from base classes in a package beside the flow."""

from flowc import resources, step
from settings import MB
from team import Pipeline, limits
from team.mixins.audit import Audited as Logged


class Inherited(Logged, Pipeline):
    """Doubles numbers, and says so."""

    UNIT = "rows"

    @resources(memory=2 * MB * limits.FACTOR)
    @step
    def work(self):
        from team.mixins import words

        super().work_on(words.DOUBLE)
        self.next(self.audit)

    @step
    def end(self):
        super().end()
        print(self.total, self.UNIT, self.log)


if __name__ == "__main__":
    Inherited()
