from flowc import FlowSpec, Paramter, step
from metaflow import Runner

try:
    from metaflow import Run
except ImportError:
    Run = None


class Example(FlowSpec):
    alpha = Paramter("alpha", default=0.5)

    @step
    def start(self):
        from metaflow.runner import metaflow_runner

        self.text = metaflow_runner.__doc__
        self.next(self.end)

    @step
    def end(self):
        print(Runner, Run)
