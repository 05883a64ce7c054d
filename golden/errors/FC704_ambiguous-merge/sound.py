"""The same value everywhere, assigned before the merge, left out of it, or not among what it takes."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.base = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.done = True
        self.name, self.score, self._own = "a", 1, 1
        self.next(self.join)

    @step
    def b(self):
        self.done = True
        self.name, self.score, self._own = "b", 2, 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.score = max(one.score for one in inputs)
        self.merge_artifacts(inputs, exclude=["name"])
        self.next(self.c, self.d)

    @step
    def c(self):
        self.score += 1
        self.next(self.last)

    @step
    def d(self):
        self.next(self.last)

    @step
    def last(self, inputs):
        self.merge_artifacts(inputs, include=["base", "done"])
        self.next(self.end)

    @step
    def end(self):
        print(self.base, self.done)
