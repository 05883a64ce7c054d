"""Several calls in one step, one of them on each path."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.size = 2
        if self.size > 3:
            self.next(self.end)
            return
        if self.size > 2:
            return self.next(self.end)
        self.next(self.b)

    @step
    def a(self):
        match self.size:
            case 1 | 2 if self.size == 1:
                self.next(self.end)
            case int():
                self.next(self.end)
            case _:
                self.next(self.b)

    @step
    def b(self):
        try:
            result = 1 / self.size
        except ZeroDivisionError:
            self.next(self.end)
        else:
            if result > 1:
                self.next(self.end)
            else:
                self.next(self.c)

    @step
    def c(self):
        try:
            self.size = int("many")
            self.next(self.end)
        except ValueError:
            self.next(self.a)

    @step
    def end(self):
        pass
