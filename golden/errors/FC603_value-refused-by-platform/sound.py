"""The shortest time that a platform takes, said in three ways; names and braces that only look refused."""

from flowc import FlowSpec, environment, step, timeout


class Example(FlowSpec):
    @timeout(seconds=60)
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
    @step
    def part(self):
        self.next(self.end)

    @step
    def end(self):
        print("{{inputs.parameters.x}}")
