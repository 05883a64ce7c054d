"""Keys that are there, and defaults for those that are not."""

from flowc import Config, FlowSpec, config_expr, resources, step


class Example(FlowSpec):
    settings = Config("settings", default_value={"size": {"memory": 4096, "cpu-s": 2}, "get": 1})

    @resources(memory=settings.size.memory, cpu=settings["size"]["cpu-s"], disk=settings.size.get("memroy", 100))
    @step
    def start(self):
        self.next(self.end)

    @resources(memory=config_expr("settings.size").get("memroy") or 4096)
    @step
    def end(self):
        print(self.settings["get"])
