"""The module beside the flow is imported by its absolute name; a relative import has an answer for its failure."""

from flowc import FlowSpec, step

try:
    from .words import GREETING
except ImportError:
    from words import GREETING


class Example(FlowSpec):
    @step
    def start(self):
        from words import GREETING as again

        assert again == GREETING
        self.next(self.end)

    @step
    def end(self):
        pass
