"""JSON text, a dictionary, and text that is meant to be plain."""

import json

from flowc import Config, FlowSpec, step


class Example(FlowSpec):
    settings = Config("settings", default_value='{"memory": 4096}')
    table = Config("table", default_value={"memory": 4096}, parser=json.loads)
    toml = Config("toml", default_value="memory = 4096", parser="tomllib.loads")
    plain = Config("plain", default_value="{memory", plain=True)
    numbers = Config("numbers", default_value="[1, 2]", parser="json.loads", plain=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
