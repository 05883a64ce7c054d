"""A comment that silences what is there, and texts that only look like one."""

from flowc import FlowSpec, card, step

HELP = "write `# flowc: ignore[FC999]` on the line"


class Example(FlowSpec):
    @card  # flowc: ignore[FC602]
    @step
    def start(self):
        """Not a comment: # flowc: ignore[FC999]"""
        self.help = HELP  # see what flowc: ignore does
        self.next(self.end)

    @step
    def end(self):
        print(self.help)
