from flowc import FlowSpec, step


# café
class Example(FlowSpec):
    pass
