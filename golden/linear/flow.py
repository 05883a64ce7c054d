from flowc import FlowSpec, step


class Linear(FlowSpec):
    """Five steps in a line: an artifact is set, kept, changed, deleted."""

    @step
    def start(self):
        self.greeting = "hello"
        self.numbers = [1, 2, 3]
        self.next(self.keep)

    @step
    def keep(self):
        self.total = sum(self.numbers)
        self.next(self.change)

    @step
    def change(self):
        self.numbers.append(4)
        self.next(self.drop)

    @step
    def drop(self):
        del self.greeting
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total, "numbers", self.numbers)


if __name__ == "__main__":
    Linear()
