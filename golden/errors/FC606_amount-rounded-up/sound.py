"""Whole numbers, however they are written; and a fraction that is said to Kubernetes only, which has them."""

from flowc import FlowSpec, batch, kubernetes, resources, step


class Example(FlowSpec):
    @batch(cpu=2.0, memory=2000.5)
    @step
    def start(self):
        self.next(self.text)

    @resources(cpu="2", memory="1500")
    @step
    def text(self):
        self.next(self.larger)

    @resources(cpu=0.5)
    @batch(cpu=1)
    @step
    def larger(self):
        self.next(self.end)

    @kubernetes(cpu=0.5)
    @batch(memory=512)
    @step
    def end(self):
        pass
