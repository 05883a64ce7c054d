# flowc run flow.py --without batch --with retry:times=2,minutes_between_retries=0 --with 'environment:vars={"MODE": "fast, or so"}' --with batch:cpu=4,memory=10000,image=ubuntu:latest
import os

from flowc import FlowSpec, batch, current, environment, step


class Added(FlowSpec):
    """Steps that have some of what `--with` adds, and what `--without` takes off."""

    @batch(gpu=8, queue="large")
    @step
    def start(self):
        self.modes = [os.environ["MODE"]]
        self.numbers = [1, 2]
        self.next(self.work, foreach="numbers")

    @environment(vars={"MODE": "slow"})
    @step
    def work(self):
        if current.retry_count < self.input:
            raise RuntimeError("this attempt fails")
        self.mode = os.environ["MODE"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.modes = [*inputs[0].modes, *(one.mode for one in inputs), os.environ["MODE"]]
        self.next(self.end)

    @step
    def end(self):
        print(self.modes)


if __name__ == "__main__":
    Added()
