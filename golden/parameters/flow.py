from flowc import FlowSpec, JSONType, Parameter, step

NAMES = ["n", "on", "12:30"]


class Parameters(FlowSpec):
    """Parameters of every type, with defaults that YAML, Argo, Kubernetes and shells would like to read as something else."""

    n = Parameter("n", default=10, help="a name that YAML 1.1 reads as a boolean")
    rate = Parameter("rate", default=1, type=float)
    fast = Parameter("fast", default=False)
    text = Parameter("text", default="{{workflow.name}} $(PATH) `id` \"quoted\" 'too'\nand: a # second line — ü")
    when = Parameter("when", default="12:30")
    table = Parameter("table", type=JSONType, default={"names": NAMES, "deep": [1, {"x": None}]})
    maybe = Parameter("maybe", type=int, help="has no default")

    @step
    def start(self):
        self.kinds = [type(one).__name__ for one in (self.n, self.rate, self.fast, self.text, self.when, self.table, self.maybe)]
        self.next(self.end)

    @step
    def end(self):
        print(self.kinds)


if __name__ == "__main__":
    Parameters()
