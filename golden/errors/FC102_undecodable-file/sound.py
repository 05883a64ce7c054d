# -*- coding: latin-1 -*-
"""Not UTF-8, and it says so."""
from flowc import FlowSpec, step


# café
class Example(FlowSpec):
    @step
    def start(self):
        self.name = "café"
        self.next(self.end)

    @step
    def end(self):
        assert self.name == "caf\xe9", self.name
