"""After `self.next` nothing is left but to leave."""

from contextlib import suppress

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        if True:
            self.next(self.middle)
            pass
        else:
            self.done = False
            self.next(self.end)
        return

    @step
    def middle(self):
        with suppress(KeyError):
            try:
                self.done = True
                return self.next(self.last)
            finally:
                print("tidy up")

    @step
    def last(self):
        if not self.done:
            self.next(self.end)
            return None
        self.done = "yes"
        self.next(self.end)
        # and nothing more

    @step
    def end(self):
        pass
