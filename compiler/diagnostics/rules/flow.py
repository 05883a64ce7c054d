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
property: flowc calls it once, in a process of its own, and what it leaves in `self` is its result. It stands
directly in the flow's class, not beside it and not in another step.
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
    """A run starts at the step named `start`, or at the one under `@step(start=True)`, and the flow has neither.

    @step
    def start(self):
        self.next(self.train)
""",
    fixable=True,
)
NO_END = Rule(
    "FC205",
    "no-end-step",
    """A run ends at the step named `end`, or at the one under `@step(end=True)`, which has no `self.next`; and the flow
has neither.

    @step
    def end(self):
        pass
""",
    fixable=True,
)
END_GOES_ON = Rule(
    "FC206",
    "end-goes-on",
    """`end`, or the step under `@step(end=True)`, is the last step: nothing comes after it, so it has no `self.next`.
""",
)
UNREAD_BASE = Rule(
    "FC207",
    "base-class-not-read",
    """The flow derives from a class that flowc cannot read: one of an installed package, or one that is only known when the
flow runs, such as the result of a call. Its steps and parameters would be missing from the graph.

Bases are read in the flow's own file and in modules beside it: `from base import Common` reads `base.py`, or
`base/__init__.py`, in the flow's folder. Classes of the standard library, which have no steps, need not be read.
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
BASES_CONFLICT = Rule(
    "FC210",
    "bases-in-conflict",
    """Python looks attributes up in a class, then in its bases, in an order that keeps each class before those that it
derives from, and bases as they are listed. Here no order does both, so that Python refuses the class.

    class Common(FlowSpec): ...

    class Train(FlowSpec, Common): ...      # `FlowSpec` cannot stand before `Common`
    class Train(Common): ...                # says it all
""",
)
STEP_HIDDEN = Rule(
    "FC211",
    "step-overridden-by-something-else",
    """A base class has a step of this name, and a class that derives from it binds the name to something else: a method
without `@step`, a parameter, a constant. The step would silently be lost. Put `@step` above the method, if it is to
take the step's place; rename it otherwise.
""",
)
CALLED_STEP_GOES_ON = Rule(
    "FC212",
    "called-step-goes-on",
    """A step runs the body of a step that it overrides, and that body has a `self.next` of its own. The step would go on
where its own text does not show it, or go on twice. Share the work, not the `self.next`:

    class Base(FlowSpec):
        def load(self):
            self.rows = read()

        @step
        def start(self):
            self.load()
            self.next(self.end)

    class Filtered(Base):
        @step
        def start(self):
            self.load()
            self.rows = [row for row in self.rows if row.good]
            self.next(self.end)
""",
)
BAD_MARK = Rule(
    "FC213",
    "bad-step-mark",
    """`@step` takes `start=True` and `end=True`, each a constant. They mark where a flow starts and ends, where the steps are not
called `start` and `end`. (Metaflow's `node_info` may stand there too, and has no effect.)

    @step(start=True)
    def load(self):
        self.next(self.report)

    @step(end=True)
    def report(self):
        pass
""",
)
MARKED_TWICE = Rule(
    "FC214",
    "several-starts-or-ends",
    """Two steps are marked by `@step(start=True)`, or two by `@step(end=True)`. A run starts at one step and ends at one:
let all ways lead to the same last step.
""",
)
