from flowc import FlowSpec, step


class Loop(FlowSpec):
    """A step that repeats itself until it is content."""

    @step
    def start(self):
        self.guess = 100.0
        self.next(self.improve)

    @step
    def improve(self):
        self.guess = (self.guess + 2 / self.guess) / 2
        self.state = "done" if abs(self.guess**2 - 2) < 1e-3 else "again"
        self.next({"again": self.improve, "done": self.end}, condition="state", max_iterations=20)

    @step
    def end(self):
        print(round(self.guess, 3))


if __name__ == "__main__":
    Loop()
