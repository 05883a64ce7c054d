"""Steps run methods of a base, and the body of a step that does not go on."""

from flowc import FlowSpec, step


class Common(FlowSpec):
    def load(self):
        self.rows = [1, 2]

    @step
    def start(self):
        self.load()
        self.next(self.end)

    @step
    def end(self):
        print(self.rows)


class Example(Common):
    def load(self):
        super().load()
        self.rows.append(3)

    @step
    def start(self):
        super().load()
        self.next(self.end)

    @step
    def end(self):
        super().end()
        Common.end(self)
