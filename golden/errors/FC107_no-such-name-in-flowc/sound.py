"""Every import is one that flowc has, one that nothing uses, or one that the file is prepared to see fail."""

from typing import TYPE_CHECKING

from metaflow import FlowMutator, FlowSpec, Parameter, StepMutator, parallel, step

if TYPE_CHECKING:
    from metaflow import Run

try:
    from metaflow import S3
    from metaflow.cards import Markdown
except (ImportError, AttributeError):
    S3 = Markdown = None


class Example(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    latest: "Run"

    @step
    def start(self):
        from metaflow import get_namespace, namespace

        try:
            import metaflow.plugins

            self.plugins = metaflow.plugins.__name__
        except ImportError:
            self.plugins = None
        self.next(self.end)

    @step
    def end(self):
        print(S3, Markdown, self.plugins)
