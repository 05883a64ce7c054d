"""Times and amounts that are small, and fit; names and braces that only look refused."""

from flowc import FlowSpec, batch, environment, resources, step, timeout


class Example(FlowSpec):
    @timeout(seconds=20)
    @batch(memory=6, shared_memory=0, gpu=0, privileged=False, host_volumes=["/data", "/data:/more"], aws_batch_tags={"a b": ""})
    @environment(vars={"MY_AWS_BATCH": "1", "aws_batch": "2", "AWS_REGION": "eu-west-1"})
    @step
    def start(self):
        self.next(self.minute)

    @timeout(minutes=1)
    @environment(vars={"TEMPLATE": "{ {x} }", "DOLLARS": "$(PATH) $.x $$.y"})
    @step
    def minute(self):
        self.next(self.part)

    @timeout(seconds=30, minutes=0.5)
    @resources(memory="512.5", shared_memory=64)
    @step
    def part(self):
        self.next(self.end)

    @step
    def end(self):
        print("{{inputs.parameters.x}}")
