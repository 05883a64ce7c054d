"""One name in several scopes, and a property that is written in two parts."""

from flowc import FlowSpec, step


def start():
    return 0


class Example(FlowSpec):
    limit = 1
    limit = limit + 1

    @property
    def size(self):
        return self.limit

    @size.setter
    def size(self, value):
        raise AttributeError("size")

    @step
    def start(self):
        def end():
            return start()

        class Reader:
            def start(self):
                return end()

            def end(self):
                return 1

        starts, Start = Reader().start(), end()
        self.data = [starts, Start, self.size]
        self.next(self.Start)

    @step
    def Start(self):
        self.next(self.end)

    @step
    def end(self):
        start = 1
        print(start)
