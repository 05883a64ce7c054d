from flowc import FlowSpec, step


class Wide_Names(FlowSpec):
    """Steps whose names meet others, or the names that flowc itself gives, on a platform that takes no underscores."""

    @step
    def start(self):
        self.items = [1]
        self.next(self.a_b, foreach="items")

    @step
    def a_b(self):
        self.next(self.a_b_)

    @step
    def a_b_(self):
        self.next(self._a_b)

    @step
    def _a_b(self):
        self.next(self.aB)

    @step
    def aB(self):
        self.next(self.begin)

    @step
    def begin(self):
        self.next(self.gate, self.main)

    @step
    def gate(self):
        self.next(self.task)

    @step
    def main(self):
        self.next(self.task)

    @step
    def task(self, inputs):
        self.next(self.a_b_each)

    @step
    def a_b_each(self, inputs):
        self.next(self.étape)

    @step
    def étape(self):
        self.next(self.end)

    @step
    def end(self):
        print("done")
