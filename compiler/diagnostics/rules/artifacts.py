"""FC7xx: faults of artifacts, found by following `self.*` through the steps."""

from ..model import Rule, Severity

NEVER_SET = Rule(
    "FC701",
    "artifact-never-set",
    """The step uses an artifact that nothing before it sets, on any path: a misspelt name, or a step that sets it too
late. The names in `foreach="…"` and `condition="…"` are such uses too.

    self.rows = load()
    self.next(self.work, foreach="row")     # did you mean `rows`?
""",
    judgement=True,
)
NOT_ALWAYS_SET = Rule(
    "FC702",
    "artifact-not-always-set",
    """Every run of the step uses the artifact, but a path leads to it on which nothing sets it. The message names that
path. A loop is taken to run at least once, and code that asks first (`hasattr`, `getattr` with a default, `try`) is
never at fault.

    if self.fast:
        self.model = quick()
    self.next(self.report)      # `report` reads self.model: set it in both cases
""",
    judgement=True,
)
LOST_AT_JOIN = Rule(
    "FC703",
    "artifact-lost-at-join",
    """A join starts without artifacts, since its inputs may have different ones. What is needed after it must be assigned
in it, or merged:

    @step
    def join(self, inputs):
        self.best = max(one.score for one in inputs)
        self.merge_artifacts(inputs, exclude=["score"])     # all others that have one value
        self.next(self.end)
""",
    judgement=True,
)
AMBIGUOUS_MERGE = Rule(
    "FC704",
    "ambiguous-merge",
    """`merge_artifacts` takes over artifacts that have one value in all inputs. This one is set in several of them by
different expressions, or for each item of a foreach, so that the merge would fail. Assign it before the merge, or leave
it out:

    self.scores = [one.score for one in inputs]
    self.merge_artifacts(inputs, exclude=["score"])
""",
    judgement=True,
)
ASSIGNED_CONSTANT = Rule(
    "FC705",
    "assignment-to-constant",
    """The name belongs to the class: a `Parameter`, a constant, a method or a step. It is the same in all tasks of a run
and cannot be assigned. Give the artifact a name of its own.

    alpha = Parameter("alpha", default=0.1)
    ...
    self.alpha = 0.2        → self.rate = 0.2
""",
    judgement=True,
)
NOT_A_SEQUENCE = Rule(
    "FC706",
    "foreach-not-a-sequence",
    """A foreach runs a task for each index of a sequence, so it needs a length and an order that stays: a list, a tuple,
an array. A set or a dictionary has no such order, a generator can be read only once, a number and None have no items.

    self.words = set(text.split())
    self.next(self.work, foreach="words")   → self.words = sorted(set(text.split()))
""",
    judgement=True,
)
CASE_NOT_COVERED = Rule(
    "FC707",
    "case-not-covered",
    """The artifact that decides a switch can have a value for which the switch has no case: the run would fail there.

    self.kind = "other"
    self.next({"a": self.a, "b": self.b}, condition="kind")
""",
    judgement=True,
)
NOT_PICKLED = Rule(
    "FC708",
    "artifact-not-picklable",
    """What a step leaves in `self` is kept by `pickle`, which cannot keep a lambda, a generator, an open file, a lock, a
connection and the like. Keep what it is made of, delete it before `self.next`, or use a plain variable.

    self.out = open("log.txt")      → out = open("log.txt")
""",
    judgement=True,
)
NO_SUCH_INPUT = Rule(
    "FC709",
    "no-such-input",
    """`inputs.name` is the task of the step with which a branch ends; no branch that is joined here ends with this one.
The inputs of a foreach have no names: write `inputs[0]`, or `for one in inputs`. After a split there are as many
inputs as branches: `inputs[2]` of two is such a fault, and so are three names for two.
""",
    judgement=True,
)
BAD_MERGE = Rule(
    "FC710",
    "bad-merge",
    """`merge_artifacts` cannot work so: it stands in a step that joins nothing, has both `include` and `exclude`,
includes a name that no input has, is not given the inputs, or has an argument that there is not.
""",
    judgement=True,
)
UNUSED = Rule(
    "FC720",
    "unused-artifact",
    """No step reads the artifact that is kept here. It costs time and room in the store, unless somebody looks at it after the
run: a plain variable may do.
""",
    Severity.HINT,
    judgement=True,
)
UNUSED_ITEM = Rule(
    "FC721",
    "unused-foreach-item",
    """No step of the foreach uses the item or its index, so that all of its tasks do the same. Read `self.input`, or run the
step once.
""",
    Severity.HINT,
    judgement=True,
)
