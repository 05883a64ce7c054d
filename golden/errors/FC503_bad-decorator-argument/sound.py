"""The edges of what the arguments may be."""

from flowc import FlowSpec, batch, catch, environment, kubernetes, resources, retry, step, timeout


class Example(FlowSpec):
    @retry
    @timeout(hours=0, minutes="2")
    @step
    def start(self):
        self.next(self.numbers)

    @retry(times=0)
    @resources(memory="4000", cpu=2.0, gpu=0, disk=None)
    @batch(queue="jobs", image=None)
    @kubernetes(image="python:3.12")
    @step
    def numbers(self):
        self.next(self.words)

    @retry(times="2", minutes_between_retries=0)
    @environment(vars={"COUNT": 3, "RATE": 0.5, "ON": True, "EMPTY": "", "flowc": "x"})
    @catch(var="failure", print_exception=False)
    @step
    def words(self):
        self.next(self.end)

    @catch
    @resources()
    @environment(vars={})
    @step
    def end(self):
        pass
