from flowc import FlowSpec, batch, catch, environment, kubernetes, resources, retry, step, timeout

GB = 1000
IMAGE = "registry.example.com/" + f"science:{3}.{11}"


class Decorators(FlowSpec):
    """Decorators with constant arguments: a task that fails once, one that is caught, one with variables."""

    @retry(times=2, minutes_between_retries=0)
    @resources(memory=2 * GB, cpu=2)
    @step
    def start(self):
        from flowc import current

        if current.retry_count == 0:
            raise RuntimeError("the first attempt fails")
        self.attempt = current.retry_count
        self.next(self.fragile)

    @catch(var="failure", print_exception=False)
    @timeout(minutes=2)
    @kubernetes(memory=8 * GB, image=IMAGE, gpu=1)
    @batch(memory=16 * GB, image=IMAGE, queue="large", gpu=2)
    @step
    def fragile(self):
        self.never = 1 / 0
        self.next(self.configured)

    @environment(vars={"GREETING": "$(PATH) `id` \"hello\"", "N": 3})
    @step
    def configured(self):
        import os

        self.greeting = os.environ["GREETING"] + os.environ["N"]
        self.caught = "division" in str(self.failure)
        self.failure = None
        self.next(self.end)

    @step
    def end(self):
        print(self.attempt, self.greeting, self.caught)


if __name__ == "__main__":
    Decorators()
