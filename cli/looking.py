"""What a verb looks at: FLOW and RUN[/STEP[/PATH]], found in the datastore.

FLOW is a file, `squares.py` or `squares.py:Squares`, if there is such a file or the name ends in `.py`. Anything else is what a
run is called in messages, `Squares/7/train/3`, or the beginning of that. Where the datastore has one flow only, its name may be
left out. RUN may be `latest`: the newest of one's own; so may no RUN at all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from .datastore import datastore_option, store_of
from .flow_file import FlowFile, parse_flow_file
from .output import FAULTS, Unusable, complain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..runtime.client.flow import Flow
    from ..runtime.client.run import Run
    from ..runtime.client.step import Step
    from ..runtime.client.task import Task
    from .verb import Decorated

LATEST = "latest"
FORMS = ("RUN", "STEP", "PATH")


class Chosen(NamedTuple):
    """What was named.

    Attributes:
        flow: The flow, in the namespace of whoever looks.
        parts: The parts that follow it: run, step, path; of which the last ones may be missing.
    """

    flow: Flow
    parts: tuple[str, ...]

    def run(self) -> Run:
        """The run, which may be anybody's if it is named.

        Raises:
            Unusable: There is none.
        """
        from ..runtime.client.run import Run

        name = self.parts[0] if self.parts else LATEST
        with explained():
            if name != LATEST:
                return Run(f"{self.flow.id}/{name}", datastore=self.flow._store.url, _namespace_check=False)
            newest = self.flow.latest_run
        if newest is None:
            raise Unusable(f"no run of {self.flow.id} is yours: `runs --all-users` lists those of others")
        newest._namespace = None
        return newest

    def step(self) -> Step | None:
        """The step; None if none is named.

        Raises:
            Unusable: There is none.
        """
        run = self.run()
        if len(self.parts) < 2:
            return None
        with explained():
            return run[self.parts[1]]

    def task(self) -> Task | None:
        """The task; None if none is named.

        Raises:
            Unusable: There is none.
        """
        step = self.step()
        if step is None or len(self.parts) < 3:
            return None
        with explained():
            return step[self.parts[2]]


def which_arguments(*, steps: bool) -> Callable[[Decorated], Decorated]:
    """FLOW, RUN[/STEP[/PATH]] and `--datastore`: the verb gets `flow`, `which` and `datastore`, for `choose`."""
    form = "[RUN[/STEP[/PATH]]]" if steps else "[RUN]"

    def decorate(function: Decorated) -> Decorated:
        function = datastore_option(function)
        function = click.argument("which", metavar=form, required=False)(function)
        return flow_or_name(function)

    return decorate


def flow_or_name(function: Decorated) -> Decorated:
    """The argument FLOW alone: `flow: FlowFile | str | None`."""
    return click.argument("flow", metavar="[FLOW]", type=_flow_or_name, required=False)(function)


def one_run(function: Decorated) -> Decorated:
    """The arguments FLOW and RUN of a verb that changes a run, which gets them as `flow: FlowFile | str` and `run: str`."""

    @functools.wraps(function)
    def verb(*args: Any, flow: FlowFile | str | None, run: str | None, **given: Any) -> Any:
        if run is None and isinstance(flow, str) and "/" in flow:
            flow, _, run = flow.partition("/")
        if flow is None or run is None:
            known = isinstance(flow, FlowFile)
            how = "Its id follows the flow" if known else "Say the flow's file or its name, and the run's id, as in `Orders/RUN`"
            raise click.UsageError(f"which run? {how}", click.get_current_context())
        return function(*args, flow=flow, run=run, **given)

    return click.argument("flow", metavar="FLOW", type=_flow_or_name, required=False)(
        click.argument("run", metavar="RUN", required=False)(cast("Decorated", verb))
    )


def choose(flow: FlowFile | str | None, which: str | None, datastore: str | None, *, most: int = 3, must: bool = True) -> Chosen:
    """Take what was given apart.

    Args:
        most: How many parts may follow the flow's name.
        must: Whether the datastore must have runs of the flow.

    Raises:
        Unusable: There is no such flow, or there are too many parts.
    """
    file = flow if isinstance(flow, FlowFile) else None
    store = store_of(datastore, file)
    from ..runtime.client.flow import Flow, flow_names

    given = "/".join(part for part in (flow if isinstance(flow, str) else None, which) if part)
    parts = given.split("/") if given else []
    if not all(parts):
        raise Unusable(f"a part is empty in {given}")
    if not given.isprintable():
        raise Unusable(f"no run is called {given!r}")
    with explained():
        if file is not None:
            name = class_of(file)
            if parts[:1] == [name]:
                parts = parts[1:]
        elif parts and parts[0] != LATEST and parts[0].isidentifier():
            name = parts.pop(0)
        else:
            names = flow_names(store)
            if len(names) != 1:
                several = f"has the flows {', '.join(names)}: say which, as in {names[0]}/{LATEST}" if names else "has no runs"
                raise Unusable(f"the datastore {store.url} {several}")
            name = names[0]
        if len(parts) > most:
            form = "/".join(FORMS[:most])
            raise Unusable(f"too many parts in {'/'.join(parts)}: {form} is what may follow the flow")
        found = Flow._at(store, name)
        if must:
            found._demand()
    return Chosen(found, tuple(parts))


def class_of(file: FlowFile) -> str:
    """The name of the flow in a file, which may have faults.

    Raises:
        Unusable: There is no flow in it, or there are several.
    """
    if file.class_name is not None:
        return file.class_name
    from ..compiler.pipeline import flow_names
    from ..compiler.source import Source
    from .flow_file import Disk

    data = file.read()
    names = flow_names(Source(file.path, data.decode("utf-8", "replace")), Disk())
    if len(names) == 1:
        return names[0]
    if names:
        raise Unusable(f"{file.path} has the flows {', '.join(names)}: write {file.path}:{names[0]}")
    raise Unusable(f"{file.path} has no flow, or cannot be read: `flowc check {file.path}` says why")


@contextmanager
def explained() -> Iterator[None]:
    """Turn what is not there into a message on how the verb was used, and what the store cannot do into a failure."""
    from ..runtime.client.faults import MetaflowException
    from ..runtime.errors import FlowcError
    from ..runtime.records.tags import TagError

    try:
        yield
    except (MetaflowException, TagError) as error:
        raise Unusable(str(error)) from None
    except FlowcError as error:
        complain(f"flowc: {error}")
        raise click.exceptions.Exit(FAULTS) from None


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns that are as wide as they must be; the last one is not filled up."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"{line}\n" for line in lines)


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min 12 s`, `2 h 05 min`, or nothing."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _flow_or_name(text: str) -> FlowFile | str:
    head = text.rpartition(":")[0] if ":" in text else text
    if _is_file(text) or _is_file(head) or head.endswith(".py"):
        return parse_flow_file(text)
    return text.strip("/")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # too long for a name of a file
        return False
