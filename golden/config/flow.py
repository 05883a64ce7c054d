import tomllib

from flowc import Config, FlowSpec, Parameter, config_expr, environment, project, resources, retry, step, timeout


@project(name=config_expr("config.project"))
class Configured(FlowSpec):
    """Values from files, in decorators, parameters, class constants and steps."""

    config = Config("config", default="config.json", help="sizes of things")
    limits = Config("limits", default="limits.toml", parser=tomllib.loads)
    raw = Config("raw", default_value="as it is", plain=True)
    nothing = Config("nothing")

    rows = Parameter("rows", default=config.rows)
    label = Parameter("label", default=f"{config.project}-{len(config.sizes)}")
    LARGEST = config.sizes[-1]

    @retry(**limits.retry)
    @resources(memory=config.memory * 2, cpu=config.limits[LARGEST], disk=config.get("disk", 100))
    @environment(vars={"LEVEL": config.env["LEVEL"].upper(), "LABEL": config_expr("config['project'].title()")})
    @step
    def start(self):
        self.total = sum(range(self.rows)) + self.config.limits.small
        self.table = dict(self.config.env)
        self.plain = self.config.to_dict()["limits"]
        self.names = [size for size in self.config["sizes"]]
        self.more = [self.raw, self.nothing, self.limits.retry.times, self.label, self.LARGEST]
        self.next(self.work, foreach="names")

    @timeout(minutes=config_expr("limits").minutes)
    @step
    def work(self):
        self.limit = self.config.limits[self.input]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.limits_of_all = [one.limit for one in inputs]
        self.rows_of_first = inputs[0].config.rows
        self.next(self.end)

    @step
    def end(self):
        print(self.config.project, self.limits_of_all)


if __name__ == "__main__":
    Configured()
