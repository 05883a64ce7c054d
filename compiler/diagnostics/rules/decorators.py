"""FC5xx: faults of decorators and parameters."""

from ..model import Rule

NOT_CONSTANT = Rule(
    "FC501",
    "argument-not-constant",
    """An argument of a decorator or of a `Parameter` must be a constant expression: flowc reads it without running
the file. Literals, names of constants in the same file, arithmetic and f-strings are fine; calls are not.

    @resources(memory=int(os.environ["MB"]))    → MB = 4000
                                                  @resources(memory=MB)
""",
)
UNKNOWN_DECORATOR = Rule(
    "FC502",
    "unknown-decorator",
    """The decorator is imported from flowc or metaflow, which has none of that name.
""",
    fixable=True,
)
BAD_ARGUMENT = Rule(
    "FC503",
    "bad-decorator-argument",
    """A decorator is given an argument that it does not have, one of the wrong type, or one by position where it
wants a name.

    @retry(3)           → @retry(times=3)
    @retry(tims=3)      → @retry(times=3)
""",
    fixable=True,
)
DUPLICATE_DECORATOR = Rule(
    "FC504",
    "duplicate-decorator",
    """The same decorator stands twice on one step or flow, so it is unclear which of the two counts. Merge them.
""",
)
WRONG_PLACE = Rule(
    "FC505",
    "decorator-in-wrong-place",
    """A decorator for flows stands on a step, or one for steps on a flow, or a flow's decorator stands on a method
without `@step`.
""",
)
BAD_PARAMETER = Rule(
    "FC506",
    "bad-parameter",
    """A `Parameter` is malformed: its name is not a string or not a valid option name, it is given an argument that
it does not have, or its default is not of its type.

    alpha = Parameter("alpha", default=0.5, type=float, help="the learning rate")
""",
    fixable=True,
)
DUPLICATE_PARAMETER = Rule(
    "FC507",
    "duplicate-parameter",
    """Two parameters have the same name on the command line (`-` and `_` and case count as the same).
""",
)
CATCH_CANNOT_CHOOSE = Rule(
    "FC508",
    "catch-cannot-choose",
    """`@catch` stands on a step that chooses its way, fans out or splits by what it computes. When the step fails,
nothing has been chosen, so the flow could not go on. Catch in a step of its own, and choose in the next one.
""",
)
NOT_IMPORTED = Rule(
    "FC510",
    "name-not-imported",
    """The name is one of flowc's, or looks like one, but nothing in the file imports or defines it: Python would stop there
with a NameError.

    from flowc import FlowSpec, retry, step
""",
    fixable=True,
)
NOT_YET_READ = Rule(
    "FC509",
    "not-supported-yet",
    """The construct belongs to the flow language, but this version of flowc does not support it.
""",
)
