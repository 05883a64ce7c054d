"""All that does have an effect; and a decorator that only has the name of one that has none."""

from flowc import FlowSpec, batch, catch, environment, kubernetes, resources, retry, secrets, step, timeout


def card(type):
    return lambda function: function


class Example(FlowSpec):
    @card(type="html")
    @secrets(sources=[{"type": "inline", "id": "one", "options": {"env_vars": {"KEY": "value"}}}])
    @retry(times=2, minutes_between_retries=1)
    @timeout(minutes=5)
    @catch(var="failure")
    @environment(vars={"A": "1"})
    @resources(cpu=1, memory=512)
    @step
    def start(self):
        self.next(self.measured)

    @resources(cpu=2, memory=1024)
    @batch(cpu=1, memory=512)
    @step
    def measured(self):
        self.next(self.bare)

    @kubernetes
    @step
    def bare(self):
        self.next(self.placed)

    @batch(cpu=1, memory=512, image="python:3.12", queue="jobs", max_swap=0, swappiness=10, tmpfs_size=64, tmpfs_path="/fast")
    @kubernetes(cpu=1, memory=512, image="python:3.12")
    @step
    def placed(self):
        self.next(self.end)

    @step
    def end(self):
        pass
