"""Parameters of every type, their defaults at the edge of it."""

from datetime import datetime

from flowc import FlowSpec, JSONType, Parameter, step

DEFAULTS = {"alpha": 1}


def today(context):
    return datetime.now().date().isoformat()


def half():
    return 0.5


class Example(FlowSpec):
    alpha = Parameter("alpha", default=DEFAULTS["alpha"], type=float)
    beta = Parameter("beta-2", type=int, default=-3, help="negative", show_default=True)
    text = Parameter("text", type=str, default="0.5")
    day = Parameter("day", default=today)
    count = Parameter("count", default=lambda context: 3, type=int)
    part = Parameter("part", default=half(), type=float, required=False)
    table = Parameter("table", type=JSONType, default='{"x": [1, null]}')
    rows = Parameter("rows", type=JSONType, default=[1, 2])
    on = Parameter("on", type=bool, default=False)
    ratio = Parameter(name="ratio", default=None, type=float)
    words = Parameter("words", default="a,b", separator=",")
    _hidden: str = Parameter("HIDDEN", default="")

    @step
    def start(self):
        self.seen = [self.alpha, self.beta, self.day, self.count, self.part, self.table, self.rows, self.words]
        self.next(self.end)

    @step
    def end(self):
        print(self.on, self.ratio, self._hidden, self.text)
