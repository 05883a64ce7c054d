"""FC2xx: faults of the flow's class and of its steps."""

from ..model import Rule

STEP_ARGUMENTS = Rule(
    "FC201",
    "wrong-step-arguments",
    """A step takes `self`, or `self` and `inputs` where it joins branches. Nothing else can be passed to it: what a
step needs, it reads from `self`.

    @step
    def train(self):            # an ordinary step
        ...

    @step
    def join(self, inputs):     # a step that joins
        ...
""",
    fixable=True,
)
STEP_NOT_PLAIN = Rule(
    "FC202",
    "step-not-a-plain-method",
    """A step is a plain method. It cannot be `async`, a generator (`yield`), a static method, a class method or a
property: flowc calls it once, in a process of its own, and what it leaves in `self` is its result.
""",
)
DUPLICATE_STEP = Rule(
    "FC203",
    "duplicate-step",
    """Two definitions in the class have the same name, and one of them is a step or a parameter. Python keeps the
last only, so the other would silently be lost.
""",
)
NO_START = Rule(
    "FC204",
    "no-start-step",
    """A run starts at the step named `start`, and the flow has none.

    @step
    def start(self):
        self.next(self.train)
""",
    fixable=True,
)
NO_END = Rule(
    "FC205",
    "no-end-step",
    """A run ends at the step named `end`, which has no `self.next`, and the flow has none.

    @step
    def end(self):
        pass
""",
    fixable=True,
)
END_GOES_ON = Rule(
    "FC206",
    "end-goes-on",
    """`end` is the last step: nothing comes after it, so it has no `self.next`.
""",
)
UNREAD_BASE = Rule(
    "FC207",
    "base-class-not-read",
    """The flow derives from another class besides `FlowSpec`. This version of flowc reads the steps and parameters of
the flow's own class only, so those of a base class would be missing. Write them in the flow itself.
""",
)
RESERVED_NAME = Rule(
    "FC208",
    "reserved-name",
    """The name belongs to `FlowSpec` itself: `next`, `input`, `index`, `merge_artifacts`, `foreach_stack` … Whatever
else has that name would break every step. Choose another name. So must steps and parameters whose names begin with
two underscores, which Python changes, and parameters named like an option of `flowc run`.
""",
)
START_JOINS = Rule(
    "FC209",
    "start-joins",
    """`start` takes `inputs`, as a join does, but nothing comes before it that it could join.
""",
    fixable=True,
)
