"""Long names, which are cut and marked where a platform takes less; a name may have 200 characters."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_stop)

    @step
    def and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_and_then_stop(self):
        self.next(self.end)

    @step
    def end(self):
        pass
