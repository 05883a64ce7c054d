"""FC3xx: faults of `self.next`."""

from ..model import Rule

UNKNOWN_STEP = Rule(
    "FC301",
    "unknown-step",
    """`self.next` names a step that the flow does not have.

    self.next(self.trian)       # no step `trian`: did you mean `train`?

A method without `@step` is not a step either.
""",
    fixable=True,
)
MISSING_NEXT = Rule(
    "FC302",
    "missing-next",
    """A path through the step ends without saying which step comes next. Every path ends in exactly one `self.next`,
or in `raise`; only `end` has none.

    if self.ok:
        self.next(self.publish)
    # and otherwise?            → else: self.next(self.end)
""",
    fixable=True,
)
SECOND_NEXT = Rule(
    "FC303",
    "second-next",
    """A path through the step reaches a second `self.next`. A step goes on once: give all targets of a split in one
call, or put the calls into the arms of an `if`.

    self.next(self.a)
    self.next(self.b)           → self.next(self.a, self.b)
""",
)
NEXT_NOT_LAST = Rule(
    "FC304",
    "next-not-last",
    """Something follows `self.next` on the same path. `self.next` says what happens after the step, so it stands
last; only `return` may follow it. Move what follows before it.
""",
    fixable=True,
)
NEXT_IN_LOOP = Rule(
    "FC305",
    "next-in-python-loop",
    """`self.next` stands in a `for` or `while` loop or in a comprehension. A step goes on once. To run a step for
each item, use foreach:

    for item in self.items:
        self.next(self.work)    → self.next(self.work, foreach="items")

To repeat a step, let a later step lead back to it: `self.next({True: self.work, False: self.end},
condition="again")`.
""",
)
NEXT_IN_FUNCTION = Rule(
    "FC306",
    "next-in-nested-function",
    """`self.next` stands in a nested function, a lambda, a nested class or a method that is not a step. flowc reads
the graph from the steps' own bodies, so it must stand in the step itself.
""",
)
NEXT_INDIRECT = Rule(
    "FC307",
    "next-used-indirectly",
    """`self.next` is used other than by calling it as a statement: given another name, passed on, or called inside an
expression. flowc reads the graph without running it, so write the call itself:

    go = self.next
    go(self.train)              → self.next(self.train)
""",
)
MALFORMED_NEXT = Rule(
    "FC308",
    "unknown-form-of-next",
    """`self.next` has these forms, and no others:

    self.next(self.a)                                               one step
    self.next(self.a, self.b)                                       a split
    self.next(self.a, foreach="items")                              a foreach over self.items
    self.next({"x": self.a, "y": self.b}, condition="kind")         a switch on self.kind

Each step is written as `self.name`; `foreach` and `condition` are names of artifacts, in quotes; the values of a
switch are constants. A step that leads back to an earlier one may add `max_iterations=N`.
""",
    fixable=True,
)
DUPLICATE_TARGET = Rule(
    "FC309",
    "duplicate-target",
    """The same step stands twice in one split or in two foreach of one step, or the same value twice in one switch.
A split runs each of its steps once, and the tasks of a foreach have their items from one artifact.
""",
)
NO_PARALLEL = Rule(
    "FC310",
    "num-parallel-not-supported",
    """`num_parallel` starts a gang of tasks that talk to each other (multi-node training). No target of this version
of flowc can do that. For independent tasks use foreach:

    self.next(self.train, num_parallel=4)   → self.shards = list(range(4)); self.next(self.train, foreach="shards")
""",
)
BAD_BOUND = Rule(
    "FC311",
    "bad-max-iterations",
    """`max_iterations` bounds how often a loop goes round. It is a whole number from 1 to 90 (Argo allows a recursion
of 100, and some of that is needed for what stands around the loop), on a `self.next` that leads back to an earlier
step.
""",
)
