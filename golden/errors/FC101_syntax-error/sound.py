from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        # Soft keywords are names too, quotes may hold an open bracket, and brackets keep a line open.
        match = {"type": "a", "case": 'it\'s "half (quoted', (0, 1): None}
        type = match["type"]
        case = [
            type, *match,
        ]
        with (
            open(__file__) as text,
            open(__file__, "rb") as data,
        ):
            self.same = text.read() == data.read().decode()
        try:
            self.pair = match[*(0, 1)]
            raise ExceptionGroup("several", [ValueError(case)])
        except* ValueError:
            print('over)')
        if (total := len(case)) > 1: self.total = total
        else: self.total = 0
        self.next(self.end)

    @step
    def end(self): pass
