from flowc import FlowSpec, environment, step


class Example(FlowSpec):
    @environment(vars={"AWS_BATCH_JOB_ID": "mine"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
