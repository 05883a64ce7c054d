"""Check that what an event of `@trigger` gives, the flow takes."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.model import Report
from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Flow, Table
from ..similar import did_you_mean


def check_triggers(flow: Flow, report: Report) -> None:
    """A run that such an event starts would fail, for what it is given is no parameter."""
    names = [parameter.name for parameter in flow.parameters]
    known = {name.lower() for name in names}  # as events are read: whatever the case
    for decorator in flow.decorators:
        if decorator.name != "trigger":
            continue
        places = dict(decorator.places)
        for argument, value in decorator.arguments:
            for name in _parameters(value):
                if name.lower() in known:
                    continue
                guess = did_you_mean(name, names)
                report.add(
                    rules.UNKNOWN_EVENT_PARAMETER,
                    f"`@trigger` has a value for `{name}`, and `{flow.name}` has no such parameter",
                    places.get(argument, decorator.span),
                    help=f"did you mean `{guess}`?"
                    if guess
                    else "in `parameters`, each parameter stands before its field of the event",
                )


def _parameters(value: Constant) -> Iterator[str]:
    """The parameters that events name: of one event, or of a list of them."""
    if isinstance(value, tuple):
        for one in value:
            yield from _parameters(one)
        return
    mapping = dict(value.items).get("parameters") if isinstance(value, Table) else None
    if isinstance(mapping, Table):
        yield from (str(name) for name, _ in mapping.items)
    elif isinstance(mapping, tuple):
        yield from (str(one[0] if isinstance(one, tuple) else one) for one in mapping)
