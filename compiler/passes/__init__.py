"""Checks on a `Definition`, the structuring of its graph into regions, and checks on the `Flow` that comes out.

One pass, one file. `GRAPH_CHECKS` run on what is written: where one of them finds a fault, there is no graph to structure.
`structure` makes the tree, in the order that `arrange` finds, and `FLOW_CHECKS` run on that; `pipeline` calls them in this order.
`check_artifacts` solves the data flow once for those that judge by it: `check_reads`, `check_inputs`, `check_merges`,
`check_choices`, `check_pickles`, `check_unused`.
"""

from __future__ import annotations

from collections.abc import Callable

from ..diagnostics.model import Report
from ..frontend.definition import Definition
from ..ir.nodes import Flow
from .check_artifacts import check_artifacts
from .check_catch import check_catch
from .check_ends import check_ends
from .check_foreach import check_foreach
from .check_loops import check_loops
from .check_names import check_names
from .check_reachable import check_reachable

GRAPH_CHECKS: tuple[Callable[[Definition, Report], None], ...] = (
    check_ends,  # a graph without start or end has nothing to walk from or to
    check_reachable,  # structuring walks from start, and ends where end is
)

FLOW_CHECKS: tuple[Callable[[Flow, Report], None], ...] = (
    check_loops,  # bounds add up along the tree
    check_catch,  # independent of all others
    check_foreach,  # so is this
    check_names,  # and this
    check_artifacts,  # walks the whole tree; last, since all others judge smaller things
)
