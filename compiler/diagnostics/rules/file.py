"""FC1xx: faults of the file as a whole."""

from ..model import Rule, Severity

SYNTAX_ERROR = Rule(
    "FC101",
    "syntax-error",
    """The file is not Python: it does not parse, so nothing in it can be checked.

flowc reads the syntax of the Python that runs it. A file that uses newer syntax needs a newer Python.
""",
)
UNDECODABLE = Rule(
    "FC102",
    "undecodable-file",
    """The file is not text in the encoding that it claims (UTF-8, unless its first lines say otherwise), or holds a
NUL character.

Save it as UTF-8, or name its encoding in the first line:

    # -*- coding: latin-1 -*-
""",
)
NO_FLOW = Rule(
    "FC103",
    "no-flow",
    """The file has no class that derives from `FlowSpec`, so there is nothing to compile.

    from flowc import FlowSpec, step

    class Train(FlowSpec):
        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            pass

`FlowSpec` must come from `flowc` or `metaflow`, under any alias.
""",
)
SEVERAL_FLOWS = Rule(
    "FC104",
    "several-flows",
    """The file has more than one flow, and flowc cannot know which one is meant. Name it after a colon:

    flowc check flows.py:Train
""",
)
NO_SUCH_FLOW = Rule(
    "FC105",
    "no-such-flow",
    """The class named after the colon in `FILE:Class` is not a flow of that file.
""",
)
TOO_DEEP = Rule(
    "FC106",
    "nested-too-deeply",
    """The file nests expressions or statements so deeply that Python's own parser gives up, or splits and loops so
deeply that no platform would run them. Give the inner parts names of their own, or flatten them.
""",
)
NO_SUCH_NAME = Rule(
    "FC107",
    "no-such-name-in-flowc",
    """The file imports a name that flowc does not have, so that the import would fail when the flow runs. flowc has the
names of Metaflow's language for writing flows; of its runners, mutators and plugins (`Runner`, `FlowMutator`) it has none
yet. A name of Metaflow's that is imported and never used is no fault: in a run something stands in for it.

A file that can do without the name says so, and is left alone:

    try:
        from metaflow import Runner
    except ImportError:
        Runner = None
""",
    fixable=True,
)
RELATIVE_IMPORT = Rule(
    "FC108",
    "relative-import-in-flow",
    """A flow's own file is run as a program, not as part of a package, and relative imports fail in programs. Its folder
is the first that Python looks in, so that the absolute form does what is meant:

    from .base import Base      →   from base import Base

In modules that the flow imports, relative imports within a package work as ever.
""",
)
NAME_NOT_FOUND = Rule(
    "FC109",
    "name-not-in-module",
    """The flow derives from a class that the module which it names does not have: neither defined nor imported there.
""",
)
USELESS_IGNORE = Rule(
    "FC111",
    "useless-ignore",
    """A comment `# flowc: ignore[…]` names a code that does not exist or that cannot be ignored, or one that flowc does
not report there. It would hide a fault that comes up later.

    self.next(self.use)         # flowc: ignore[FC702, FC703]

The comment stands on the line of the fault, or on the first line of a statement that goes on below. Only judgements can be
ignored: warnings, hints and findings about data. Without the others mended there is nothing to compile.
""",
    Severity.WARNING,
    fixable=True,
)

UNREADABLE = (SYNTAX_ERROR, UNDECODABLE, TOO_DEEP)
"""Faults that leave nothing of a file to understand."""
