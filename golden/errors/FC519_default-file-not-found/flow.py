from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    notes = IncludeFile("notes", default="notes.txt")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.notes)
