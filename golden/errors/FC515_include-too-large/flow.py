from flowc import FlowSpec, IncludeFile, step


class Example(FlowSpec):
    model = IncludeFile("model", default="large.bin", is_text=False)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
