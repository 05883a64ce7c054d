"""What `end` calls `next` is not the flow's."""

from flowc import FlowSpec, step


class Cursor:
    def __init__(self, rows):
        self.rows = iter(rows)

    def next(self):
        return next(self.rows)


class Example(FlowSpec):
    @step
    def start(self):
        self.data = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        cursor = Cursor(self.data)
        print(cursor.next(), Cursor(self.data).next(), next(iter(self.data)), self.data.__iter__().__next__())
