"""Every way to bind a name that flowc has too."""

import functools as project
from contextlib import contextmanager as catch
from os.path import *

from flowc import FlowSpec, step

try:
    from tenacity import timeout
except ImportError:

    def timeout(seconds):
        return lambda function: function


def retry(times):
    return lambda function: function


if secrets := (lambda function: function):
    card = environment = secrets

for resources in [secrets]:
    pass

with catch(lambda: iter([secrets]))() as batch:
    pass

match [secrets]:
    case [kubernetes]:
        pass


class Example(FlowSpec):
    @retry(times=3)
    @timeout(seconds=1)
    @secrets
    @card
    @environment
    @resources
    @batch
    @kubernetes
    @step
    def start(self):
        def conda(function):
            return function

        @conda
        def inner():
            return project.reduce(max, [1, 2])

        self.most = inner()
        self.next(self.end)

    @step
    def end(self):
        pass
