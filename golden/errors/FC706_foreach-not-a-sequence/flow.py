from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.words = set("to be or not to be".split())
        self.next(self.count, foreach="words")

    @step
    def count(self):
        print(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
