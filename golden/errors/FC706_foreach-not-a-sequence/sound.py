"""Sequences, also where something else stood there before."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.words = None
        if self.words is None:
            self.words = sorted({"be", "to"})
        self.next(self.count, foreach="words")

    @step
    def count(self):
        self.letters = tuple(self.input)
        self.next(self.each, foreach="letters")

    @step
    def each(self):
        self.pairs = list({"a": 1}.items())
        self.next(self.pair, foreach="pairs")

    @step
    def pair(self):
        print(self.input)
        self.next(self.paired)

    @step
    def paired(self, inputs):
        self.next(self.counted)

    @step
    def counted(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
