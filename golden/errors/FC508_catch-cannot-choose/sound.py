"""Caught steps of which it is known where they go, whatever happens in them."""

from flowc import FlowSpec, catch, step


class Example(FlowSpec):
    @step
    def start(self):
        self.kind = "a"
        self.items = [0, 1]
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @catch(var="failure")
    @step
    def a(self):
        self.half = 1 / len(self.kind)
        if self.half:
            self.next(self.fan)
        else:
            self.next(self.fan)

    @step
    def fan(self):
        self.next(self.work, foreach="items")

    @catch(var="failure", print_exception=False)
    @step
    def work(self):
        self.inverse = 1 / self.input
        self.next(self.join)

    @catch(var="join_failure")
    @step
    def join(self, inputs):
        self.good = [one.inverse for one in inputs if not one.failure]
        self.next(self.end)

    @catch(var="end_failure")
    @step
    def end(self):
        pass
