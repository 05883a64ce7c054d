"""Other things of the same name."""

from flowc import FlowSpec, Parameter, step


class Config(dict):
    def __init__(self, name, default):
        super().__init__(name=name, default=default)


class IncludeFile:
    def __init__(self, name):
        self.name = name


class Example(FlowSpec):
    settings = Config("settings", default="settings.json")
    file = Parameter("file", default=IncludeFile("data.csv").name)

    @step
    def start(self):
        self.copy = Config("copy", default=self.settings["default"])
        self.next(self.end)

    @step
    def end(self):
        print(self.file)
