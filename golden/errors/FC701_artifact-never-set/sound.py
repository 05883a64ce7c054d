"""What is read was set: by a method that the step calls, by a nested function, by name; or it is asked for first."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    limit = 3

    @step
    def start(self):
        self.prepare()
        setattr(self, "scale", 2)
        if not hasattr(self, "extra"):
            self.extra = getattr(self, "other", None)
        try:
            print(self.missing)
        except AttributeError:
            print("there is none")
        shown = lambda: self.total
        self.total = self.limit + len(self.rows) * self.scale
        print(shown(), self.size, self.extra)
        self.next(self.work, foreach="rows")

    def prepare(self):
        self.rows = [1, 2]

    @property
    def size(self):
        return len(self.rows)

    @step
    def work(self):
        self.twice = [row * self.input for row in self.rows]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [one.twice for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.all)
