import csv

from flowc import FlowSpec, IncludeFile, step


def rows(text):
    return [[int(cell) for cell in row] for row in list(csv.reader(text.splitlines()))[1:]]


class Included(FlowSpec):
    """Files that travel with the flow."""

    notes = IncludeFile("notes", default="notes.txt", help="what to say")
    weights = IncludeFile("weights", is_text=False, default="weights.bin")
    table = IncludeFile("table", parser=rows, default="table.csv")
    extra = IncludeFile("extra", required=False)

    @step
    def start(self):
        self.kinds = [type(one).__name__ for one in (self.notes, self.weights, self.table, self.extra)]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.lines = len(self.notes.splitlines())
        self.next(self.join)

    @step
    def b(self):
        self.size = len(self.weights)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.found = [inputs.a.lines, inputs.b.size, self.table]
        self.next(self.end)

    @step
    def end(self):
        print(self.found)


if __name__ == "__main__":
    Included()
