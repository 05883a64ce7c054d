from flowc import FlowSpec, Parameter, project, schedule, step, trigger, trigger_on_finish


@schedule(cron="30 6 ? * 2-6 *", timezone="Europe/Berlin")
@trigger(event={"name": "data.ready", "parameters": {"rows": "count"}})
@trigger_on_finish(flow="Load")
@project(name="sums", branch="weekly", production=True)
class Started(FlowSpec):
    """A flow that nobody has to start: a schedule does, an event, and the end of another flow of its project."""

    rows = Parameter("rows", default=100)

    @step
    def start(self):
        self.total = self.rows * 2
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    Started()
