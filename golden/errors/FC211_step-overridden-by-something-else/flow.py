from base import Common


class Example(Common):
    def train(self):
        self.next(self.end)
