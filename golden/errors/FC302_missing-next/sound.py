import sys

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.ok = True
        if self.ok:
            self.next(self.returns)
        elif self.ok is None:
            raise ValueError("neither")
        else:
            sys.exit("no")

    @step
    def returns(self):
        if not self.ok:
            self.next(self.end)
            return
        return self.next(self.matches)

    @step
    def matches(self):
        match self.ok:
            case True:
                self.next(self.tries)
            case _:
                self.next(self.end)

    @step
    def tries(self):
        try:
            number = int("many")
        except ValueError:
            self.next(self.tidies)
        else:
            self.number = number
            self.next(self.end)

    @step
    def tidies(self):
        try:
            self.next(self.holds)
        finally:
            print("over")

    @step
    def holds(self):
        with open(__file__) as file:
            self.lines = len(file.readlines())
            self.next(self.goes_round)

    @step
    def goes_round(self):
        while True:
            if self.lines:
                break
        for _ in range(3):
            if self.ok:
                continue
        else:
            self.next(self.rounds_off)

    @step
    def rounds_off(self):
        while True:
            if self.lines < 10_000:
                break
            raise RuntimeError("too long")
        if self.lines:
            if self.ok:
                self.next(self.end)
            else:
                raise ValueError
        else:
            return self.next(self.end)

    @step
    def end(self):
        if self.ok:
            return
        print("over")
