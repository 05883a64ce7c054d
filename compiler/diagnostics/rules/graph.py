"""FC4xx: faults of the graph that the steps make together."""

from ..model import Rule

UNREACHABLE = Rule(
    "FC401",
    "unreachable-step",
    """No path from `start` leads to the step, so it would never run. Lead to it with a `self.next`, or delete it.
""",
)
NO_WAY_OUT = Rule(
    "FC402",
    "no-way-to-the-end",
    """From this step no path leads to `end`: a run that comes here would go round for ever. Give some step of the
loop a way out.

    self.next({"more": self.work, "done": self.end}, condition="state")
""",
)
NEVER_JOINED = Rule(
    "FC403",
    "split-never-joined",
    """The branches of a split, or the tasks of a foreach, reach `end` without having been joined. All of them must
meet in one step that takes `inputs`:

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)
""",
)
JOIN_WITHOUT_SPLIT = Rule(
    "FC404",
    "join-without-split",
    """The step takes `inputs`, but at this place nothing was split that it could join: there is no split or foreach
before it, or all of them were joined already. Take `inputs` away, or lead there from inside a split. A loop cannot go
back to a join: let it go back to the step after it.
""",
    fixable=True,
)
JOIN_WITHOUT_INPUTS = Rule(
    "FC405",
    "join-without-inputs",
    """Several branches of a split meet in this step, so it joins them and must take `inputs`: without it there would
be several values of each artifact and no way to tell which is meant.

    def join(self):             → def join(self, inputs):
""",
    fixable=True,
)
UNBALANCED_JOIN = Rule(
    "FC406",
    "unbalanced-join",
    """The branches of one split end in different joins. All branches of a split meet in the same step: split again
inside a branch if only some of them belong together.
""",
)
LOOP_ENTERED_TWICE = Rule(
    "FC407",
    "loop-entered-at-two-steps",
    """A loop can be entered at two different steps, so it has no single place where a turn starts. Let every way into
the loop lead to the same step, and choose from there.
""",
)
CROSSES_SCOPE = Rule(
    "FC408",
    "jump-across-a-split",
    """A step is reached both from inside and from outside of a split's branch, or from two different foreach. Each
step belongs to one place: tasks inside a branch or a foreach can leave it only through its join. Use two steps that
share a method.
""",
)
SPLIT_LEAVES_LOOP = Rule(
    "FC409",
    "split-leaves-loop",
    """A split or a foreach leads out of a loop. A loop is left by a plain step: lead to a step of its own, and split
there.

    self.next({"again": self.work, "done": self.fan}, condition="state")    # and in `fan`:
    self.next(self.each, foreach="items")
""",
)
NOTHING_TO_BOUND = Rule(
    "FC410",
    "nothing-to-bound",
    """`max_iterations` stands on a `self.next` that does not lead back to an earlier step, so there is no loop that
it could bound.
""",
)
EMPTY_FOREACH = Rule(
    "FC411",
    "foreach-without-body",
    """The foreach, or a branch of the split, leads straight to the step that joins it, so there is nothing that would
run for each item.
""",
)
LOOPS_TOO_DEEP = Rule(
    "FC412",
    "nested-loops-too-long",
    """The bounds of loops that stand in each other add up to more than 90. Argo runs a loop as a recursion, 100 deep
at the most, and counts inner loops on top of outer ones. Lower `max_iterations`.
""",
)
