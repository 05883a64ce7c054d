from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    notes = IncludeFile("notes", default="flow.py", encoding="ascii")  # grüße

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
