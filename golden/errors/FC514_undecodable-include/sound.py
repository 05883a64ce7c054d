"""The same bytes in another encoding, or as they are."""

from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    notes = IncludeFile("notes", default="flow.py")  # grüße
    latin = IncludeFile("latin", default="flow.py", encoding="latin-1")
    data = IncludeFile("data", default="flow.py", is_text=False, encoding="ascii")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
