"""Independent tasks by foreach, however many; `num_parallel` is a name like any other."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        num_parallel = 2
        self.num_parallel = list(range(num_parallel))
        self.next(self.train, foreach="num_parallel")

    @step
    def train(self):
        self.shard = dict(num_parallel=self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.shards = [one.shard for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
