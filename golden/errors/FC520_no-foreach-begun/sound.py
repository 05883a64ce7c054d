"""Steps that begin a foreach, always or sometimes; and a body that begins one of its own."""

from flowc import FlowSpec, foreach, step


class Example(FlowSpec):
    @foreach(max_concurrency="2")
    @step
    def start(self):
        self.files = ["a", "b", "c"]
        self.next(self.work, foreach="files")

    @step
    @foreach(mode="inline", max_concurrency=None)
    def work(self):
        self.parts = list(range(3))
        if self.input == "a":
            self.next(self.part, foreach="parts")
        else:
            self.next(self.gathered)

    @step
    def part(self):
        print(self.input)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.gathered)

    @step
    def gathered(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
