"""`@trigger` and `@trigger_on_finish`: what a flow waits for, as all platforms read it.

@trigger(events=["a.ready", {"name": "b.ready"}])    →  a.ready and b.ready
@trigger_on_finish(flow="Load")                      →  Load; in a project, that of the same branch: sums.test.x.Load
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..compiler.diagnostics.model import Report
from ..compiler.diagnostics.rules import targets as rules
from ..compiler.ir.nodes import Constant, Decorator, Flow, Table
from ..compiler.source import Span
from ..runtime import contract
from .project import Project
from .settings import place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One thing that a flow waits for.

    Attributes:
        name: The event; or the whole name of the flow, with its project and branch.
        flow: Of a flow, its name in the source; "" of an event.
    """

    name: str
    flow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What one of the decorators waits for: all of it.

    Attributes:
        decorator: The decorator.
        place: Where it says so.
        awaited: What, in its order.
        options: Its `options`.
    """

    decorator: Decorator
    place: Span
    awaited: tuple[Awaited, ...]
    options: Mapping[str, Constant]


def events_of(flow: Flow) -> Waiting | None:
    """What `@trigger` waits for, or None."""
    decorator = _decorator(flow, "trigger")
    if decorator is None:
        return None
    listed = _listed(decorator, "event", "events")
    return _waiting(decorator, "event", "events", tuple(Awaited(name=str(_named(one).get("name"))) for one in listed))


def flows_of(flow: Flow, project: Project | None, report: Report) -> Waiting | None:
    """What `@trigger_on_finish` waits for, or None: there is none, or it cannot be said and is reported.

    Args:
        flow: The flow.
        project: Its own place in a project, where a flow that names no other one is looked for.
        report: Takes what cannot be said.
    """
    decorator = _decorator(flow, "trigger_on_finish")
    if decorator is None:
        return None
    found: list[Awaited] = []
    place = _place(decorator, "flow", "flows")
    for one in _listed(decorator, "flow", "flows"):
        wanted = _named(one)
        of, _, name = _qualified(wanted)
        whole = _whole_name(wanted, project)
        if whole is None:
            report.add(
                rules.BAD_VALUE,
                f"`@trigger_on_finish` waits for `{name}` of the project `{of}`, and nothing says of which branch",
                place,
                help=f'write `flow="{of}.prod.{name}"`, or give this flow a `@project`, whose branch then counts',
            )
            return None
        if whole == (project.name_of(flow.name) if project else flow.name):
            report.add(
                rules.BAD_VALUE,
                "`@trigger_on_finish` waits for this very flow: each of its runs would start another one, without an end",
                place,
                help="start it by `@schedule`, or write what it does again and again as a loop of steps",
            )
            return None
        found.append(Awaited(name=whole, flow=name))
    return _waiting(decorator, "flow", "flows", tuple(found))


def _waiting(decorator: Decorator, one: str, many: str, awaited: tuple[Awaited, ...]) -> Waiting:
    options = dict(decorator.arguments).get("options")
    said = {str(key): value for key, value in options.items} if isinstance(options, Table) else {}
    # What is named twice is waited for once.
    return Waiting(decorator=decorator, place=_place(decorator, one, many), awaited=tuple(dict.fromkeys(awaited)), options=said)


def _place(decorator: Decorator, one: str, many: str) -> Span:
    return place_of(decorator, one if dict(decorator.arguments).get(one) else many)


def _whole_name(wanted: Mapping[str, str], project: Project | None) -> str | None:
    """What a flow is called, with its project and branch. None: it is of a project, and of a branch that nobody names."""
    of, branch, name = _qualified(wanted)
    of = of or (project.name if project else "")
    branch = branch or (project.branch if project else "")
    if not of:
        return name
    return contract.project_flow_name(of, branch, name) if branch else None


def _qualified(wanted: Mapping[str, str]) -> tuple[str, str, str]:
    """Project, branch and flow, "" for what is not said: in fields of their own, or as `project.branch.Flow`."""
    of, branch, name = wanted.get("project", ""), wanted.get("project_branch", ""), wanted["name"]
    if not of and not branch and "." in name:
        of, _, rest = name.partition(".")
        branch, _, name = rest.rpartition(".")  # a branch may have a dot: `prod.x`
    return of, branch, name


def _decorator(flow: Flow, name: str) -> Decorator | None:
    return next((one for one in flow.decorators if one.name == name), None)


def _listed(decorator: Decorator, one: str, many: str) -> tuple[Constant, ...]:
    said = dict(decorator.arguments)
    listed = said.get(many)
    return listed if isinstance(listed, tuple) and listed else (said.get(one),)


def _named(given: Constant) -> dict[str, str]:
    """An event or a flow: a name, or a dictionary with it."""
    if not isinstance(given, Table):
        return {"name": str(given)}
    return {str(key): str(value) for key, value in given.items if value is not None}
