"""Every form that there is, with its names and keys as constants."""

from flowc import FlowSpec, step

ITEMS = "items"
KIND = "kind"
SMALL = "small"


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach=ITEMS)

    @step
    def work(self):
        self.next(
            self.join,
        )

    @step
    def join(self, inputs):
        self.kind = "small"
        self.next({SMALL: self.one, "lar" + "ge": self.one, 1: self.two, -2.5: self.end, None: self.end}, condition=KIND)

    @step
    def one(self):
        self.flag = False
        return self.next({True: self.end, False: self.two}, condition="flag")

    @step
    def two(self):
        self.turns = getattr(self, "turns", 0) + 1
        self.again = "yes" if self.turns < 3 else "no"
        self.next({"yes": self.two, "no": self.end}, condition="again", max_iterations=2 * 2)

    @step
    def end(self):
        pass
