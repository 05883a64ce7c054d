from flowc import FlowSpec, Parameter, step, trigger


@trigger(event={"name": "data.ready", "parameters": ["day", ("how_many", "rows")]})
class Example(FlowSpec):
    day = Parameter("day", default="today")
    rows = Parameter("how_many", default=3)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.day, self.rows)
