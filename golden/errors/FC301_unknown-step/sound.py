"""Names that differ by a letter, by case, or only in how their characters are put together."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.trains = ["a"]
        self.next(self.train)

    @step
    def trian(self):
        self.next(self.Train)

    @step
    def train(this):
        this.next(this.trian)

    @step
    def Train(self):
        self.next(self.étape)

    @step
    def étape(self):
        self.next(self.end)

    @step
    def end(self):
        pass
