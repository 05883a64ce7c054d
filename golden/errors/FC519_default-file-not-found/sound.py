"""A default file that is there, one that a function names when the run starts, and none."""

from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    notes = IncludeFile("notes", default="message.txt")
    binary = IncludeFile("binary", default="./message.txt", is_text=False)
    late = IncludeFile("late", default=lambda: None)
    other = IncludeFile("other")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.notes, self.binary, self.late, self.other)
