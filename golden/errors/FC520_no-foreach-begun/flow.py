from flowc import FlowSpec, foreach, step


class Example(FlowSpec):
    @step
    def start(self):
        self.files = ["a", "b"]
        self.next(self.work, foreach="files")

    @foreach(max_concurrency=10)
    @step
    def work(self):
        print(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
