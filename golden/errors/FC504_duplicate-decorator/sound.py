"""The same decorator on other steps, cards, and somebody's own decorator twice."""

from flowc import FlowSpec, card, environment, retry, step


def tagged(name):
    return lambda function: function


class Example(FlowSpec):
    @retry(times=3)
    @environment(vars={"A": "1"})
    @tagged("one")
    @tagged("two")
    @step
    def start(self):
        self.next(self.reports)

    @card(id="first")
    @card(type="default", id="second")
    @retry(times=3)
    @step
    def reports(self):
        @tagged("one")
        @tagged("one")
        def inner():
            return 1

        self.one = inner()
        self.next(self.end)

    @retry(times=3)
    @environment(vars={"A": "1"})
    @step
    def end(self):
        pass
