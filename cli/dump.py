"""`flowc dump`: the artifacts of a task: their names, types and sizes, and their values."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .flow_file import FlowFile
from .looking import Chosen, choose, explained, table, which_arguments
from .output import FAULTS, Unusable, complain, write
from .verb import Verb

if TYPE_CHECKING:
    from ..runtime.client.artifact import DataArtifact
    from ..runtime.client.task import Task

MOST = 1000
WIDTH = 100


@click.command(
    "dump",
    short_help="List a step's artifacts, or show their values.",
    cls=Verb,
    examples=("7/end", "latest/train/3 --value model", "7/end --file end.pickle"),
)
@which_arguments(steps=True)
@click.option("--value", "names", metavar="NAME", multiple=True, help="Show the value of this artifact. Can be repeated.")
@click.option(
    "--max-value-size",
    "most",
    metavar="N",
    type=click.IntRange(min=0),
    default=MOST,
    show_default=True,
    help="How many characters of a value to show at the most; 0: all.",
)
@click.option("--file", "file", metavar="OUT", help="Write a pickle of the values: a dict by task, then by name.")
def command(
    flow: FlowFile | str | None, which: str | None, datastore: str | None, names: tuple[str, ...], most: int, file: str | None
) -> None:
    """List the artifacts of a step's tasks, with their types and sizes, or show values.

    FLOW is the flow's file, or its name, as in `flowc dump Squares/7/end`. Nothing is loaded for the list. To load a value, what
    its class needs must be importable here; one that cannot be loaded is passed over with a message.
    """
    chosen = choose(flow, which, datastore)
    _make_importable(flow)
    with explained():
        tasks = _tasks(chosen)
    if file is not None:
        _write_file(tasks, names, file)
        return
    failed = False
    for number, task in enumerate(tasks):
        with explained():
            if len(tasks) > 1:
                write(f"{chr(10) if number else ''}{task.pathspec}\n", sys.stdout)
            failed |= _show_values(task, names, most) if names else _list(task)
    if failed:
        raise click.exceptions.Exit(FAULTS)


def _make_importable(flow: FlowFile | str | None) -> None:
    """Let classes of the flow's own modules be found, as in a run: beside its file, or else in the current folder."""
    from ..runtime.language.metaflow import answer_for_metaflow

    answer_for_metaflow()
    sys.path.insert(0, str((Path(flow.path).parent if isinstance(flow, FlowFile) else Path()).absolute()))


def _tasks(chosen: Chosen) -> list[Task]:
    """The tasks that are done, of those that are named."""
    step = chosen.step()
    if step is None:
        run = chosen.run()
        steps = run._steps_in_order()
        of = (
            f"{run.pathspec} has {', '.join(steps)}, as in {run.pathspec}/{steps[-1]}"
            if steps
            else f"{run.pathspec} has none yet"
        )
        raise Unusable(f"name a step: {of}")
    one = chosen.task()
    tasks = [one] if one is not None else list(step)
    done = [task for task in tasks if task.successful]
    if not done:
        what = tasks[0].pathspec if len(tasks) == 1 else step.pathspec
        raise Unusable(f"{what} is not done, and has no artifacts yet: `status` says more")
    return done


def _list(task: Task) -> bool:
    from ..runtime.client.notebook import readable_size

    rows = [(one.id, one.type, readable_size(one.size)) for one in task]
    write(table([("ARTIFACT", "TYPE", "SIZE"), *rows]) if rows else "no artifacts\n", sys.stdout)
    return False


def _show_values(task: Task, names: tuple[str, ...], most: int) -> bool:
    """Show values; whether any could not be loaded."""
    failed = False
    for name in names:
        loaded, value = _load(task[name])
        failed |= not loaded
        if loaded:
            text = _text(value)
            if most and len(text) > most:
                text = f"{text[:most]}… and {len(text) - most} more characters: --max-value-size 0 shows all"
            write(f"{name} = {text}\n" if len(names) > 1 else f"{text}\n", sys.stdout)
    return failed


def _load(artifact: DataArtifact) -> tuple[bool, Any]:
    """Whether it can be loaded, and its value. What it prints while it is loaded is no result."""
    from contextlib import redirect_stdout

    from ..runtime.errors import ArtifactError

    try:
        with redirect_stdout(sys.stderr):
            return True, artifact.data
    except ArtifactError as error:
        complain(f"flowc: {artifact.pathspec}: {error}")
        return False, None


def _text(value: object) -> str:
    from pprint import pformat

    try:
        return pformat(value, width=WIDTH, compact=True, sort_dicts=False)
    except Exception as error:  # a __repr__ of the user's
        return f"<a {type(value).__name__} whose repr fails: {type(error).__name__}>"


def _write_file(tasks: list[Task], names: tuple[str, ...], file: str) -> None:
    import pickle

    values: dict[str, dict[str, Any]] = {}
    failed = False
    with explained():
        for task in tasks:
            found = values[task.pathspec] = {}
            for artifact in [task[name] for name in names] or list(task):
                loaded, value = _load(artifact)
                failed |= not loaded
                if loaded:
                    found[artifact.id] = value
    try:
        with Path(file).open("wb") as stream:
            pickle.dump(values, stream, protocol=5)
    except OSError as error:
        raise Unusable(f"cannot write {file}: {error.strerror or error}") from None
    complain(f"flowc: wrote {file}: the artifacts of {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}")
    if failed:
        raise click.exceptions.Exit(FAULTS)
