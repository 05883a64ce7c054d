from flowc import FlowSpec, Parameter, step, trigger


@trigger(event={"name": "data.ready", "parameters": {"dya": "date"}})
class Example(FlowSpec):
    day = Parameter("day", default="today")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.day)
