from flowc import FlowSpec, schedule, step


@schedule(daily=True, timezone="Europe/Berlin")
class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
