from flowc import FlowSpec, Parameter, step


class Example(FlowSpec):
    __version__ = "1"
    _inputs = ("a", "b")
    foreach = None
    names = Parameter("names", default="x")

    def get_input(self):
        return self.input

    def __len__(self):
        return len(self._inputs)

    @step
    def start(self):
        name, index, inputs, cmd = self.names, 0, list(self._inputs), None
        self.items = [(name, index, inputs, cmd), len(self)]
        self.next(self.input_, foreach="items")

    @step
    def input_(self):
        self.item, self.place = self.get_input(), self.index
        self.next(self.next_)

    @step
    def next_(self, inputs):
        self.merge_artifacts(inputs, exclude=["item", "place"])
        self.next(self.end)

    @step
    def end(self):
        pass
