from flowc import FlowSpec, catch, current, resources, retry, step


class Retries(FlowSpec):
    """Attempts that grow apart, and a failure that is caught after all of them, in a branch and in a foreach."""

    @retry(times=4, minutes_between_retries=0.5, backoff=2, max_minutes_between_retries=3, jitter=True)
    @step
    def start(self):
        self.next(self.flaky, self.hopeless)

    @retry(times=2, minutes_between_retries=0)
    @step
    def flaky(self):
        if current.retry_count < 2:
            raise ValueError("not yet")
        self.tries = current.retry_count + 1
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @catch(var="failure")
    @step
    def hopeless(self):
        raise ValueError("never")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.tries = inputs.flaky.tries
        self.failed = [bool(inputs.hopeless.failure)]
        self.rows = [3, 0, 1]
        self.next(self.divide, foreach="rows")

    @resources(cpu=2)
    @catch(var="failure")
    @step
    def divide(self):
        self.quotient = None
        self.quotient = 6 // self.input
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.tries = inputs[0].tries
        self.failed = inputs[0].failed + [bool(one.failure) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.tries, self.failed)


if __name__ == "__main__":
    Retries()
