"""What belongs on a flow on the flow, what belongs on a step above and below `@step`."""

from flowc import FlowSpec, card, conda_base, project, retry, schedule, step


@schedule(daily=True)
@project(name="example")
@conda_base(packages={})
class Example(FlowSpec):
    schedule = "daily"

    @retry(times=1)
    @step
    @card
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.schedule)
