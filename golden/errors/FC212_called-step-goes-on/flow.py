from flowc import FlowSpec, step


class Common(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.end)

    @step
    def end(self):
        print(self.rows)


class Example(Common):
    @step
    def start(self):
        super().start()
        self.rows = [row for row in self.rows if row > 1]

    @step
    def end(self):
        super().end()
        print("done")
