from flowc import FlowSpec, environment, step

BIG = "x" * 99_000


class Example(FlowSpec):
    @environment(vars={"BIG": BIG + "start"})
    @step
    def start(self):
        self.next(self.s1)

    @environment(vars={"BIG": BIG + "s1"})
    @step
    def s1(self):
        self.next(self.s2)

    @environment(vars={"BIG": BIG + "s2"})
    @step
    def s2(self):
        self.next(self.s3)

    @environment(vars={"BIG": BIG + "s3"})
    @step
    def s3(self):
        self.next(self.s4)

    @environment(vars={"BIG": BIG + "s4"})
    @step
    def s4(self):
        self.next(self.s5)

    @environment(vars={"BIG": BIG + "s5"})
    @step
    def s5(self):
        self.next(self.s6)

    @environment(vars={"BIG": BIG + "s6"})
    @step
    def s6(self):
        self.next(self.s7)

    @environment(vars={"BIG": BIG + "s7"})
    @step
    def s7(self):
        self.next(self.s8)

    @environment(vars={"BIG": BIG + "s8"})
    @step
    def s8(self):
        self.next(self.s9)

    @environment(vars={"BIG": BIG + "s9"})
    @step
    def s9(self):
        self.next(self.s10)

    @environment(vars={"BIG": BIG + "s10"})
    @step
    def s10(self):
        self.next(self.end)


    @step
    def end(self):
        pass
