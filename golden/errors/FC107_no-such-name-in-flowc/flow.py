from flowc import FlowSpec, Paramter, step
from metaflow import S3

try:
    from metaflow import Run
except ImportError:
    Run = None


class Example(FlowSpec):
    alpha = Paramter("alpha", default=0.5)

    @step
    def start(self):
        from metaflow.cards import Markdown

        self.text = Markdown("# Hello")
        self.next(self.end)

    @step
    def end(self):
        print(S3, Run)
