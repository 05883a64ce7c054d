from flowc import FlowSpec, card, step


class Example(FlowSpec):
    @card(type="html")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
