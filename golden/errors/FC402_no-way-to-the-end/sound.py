"""Loops that look endless, each with one way out."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.turns = 0
        self.ready = False
        self.next({True: self.end, False: self.wait}, condition="ready")

    @step
    def wait(self):
        self.turns += 1
        self.next(self.again)

    @step
    def again(self):
        self.ready = "yes" if self.turns > 2 else "no"
        self.next({"yes": self.poll, "no": self.wait}, condition="ready")

    @step
    def poll(self):
        self.turns -= 1
        if self.turns:
            self.next(self.poll)
        else:
            self.next(self.end)

    @step
    def end(self):
        pass
