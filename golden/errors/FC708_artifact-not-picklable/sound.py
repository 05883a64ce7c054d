"""In plain variables, gone before the step ends, or nothing of the kind."""

import threading

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        lock = threading.Lock()
        with lock, open(__file__) as source:
            self.first = source.readline()
        self.key = len
        self.rows = list(row for row in range(3))
        self.file = open(__file__)
        self.file.close()
        del self.file
        self.guard = threading.Lock()
        self.guard = None
        self.next(self.end)

    @step
    def end(self):
        print(self.first, sorted(self.rows, key=lambda row: -row), self.key("ab"), self.guard)
