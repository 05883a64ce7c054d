"""One flow among classes that look like flows."""

from dataclasses import dataclass

from flowc import FlowSpec, step


@dataclass
class FlowSpecs:
    count: int = 1


class Other(FlowSpecs):
    def start(self):
        return self.end()

    def end(self):
        return self.count


class Example(FlowSpec):
    @step
    def start(self):
        class Inner(FlowSpecs):
            pass

        self.count = Inner(2).count + Other().start()
        self.next(self.end)

    @step
    def end(self):
        pass
