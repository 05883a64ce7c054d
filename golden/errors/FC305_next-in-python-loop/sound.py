"""Loops before `self.next`, loops that end with one in `else`, and loops over something else's `next`."""

from flowc import FlowSpec, step


class Page:
    def __init__(self, number):
        self.number = number

    def next(self):
        return Page(self.number + 1) if self.number < 3 else None


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        for item in self.items:
            if item == 2:
                break
        self.next(self.pages)

    @step
    def pages(self):
        page, self.numbers = Page(0), []
        while page := page.next():
            self.numbers.append(page.number)
        rows = iter(self.items)
        self.firsts = [next(rows) for _ in self.items]
        self.seconds = [Page(n).next() is None for n in self.items]
        for item in self.items:
            self.last = item
        else:
            self.next(self.searched)

    @step
    def searched(self):
        while self.items:
            self.items = self.items[1:]
        else:
            self.items = [1, 2]
            self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
