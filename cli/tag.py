"""`flowc tag`: the tags of a run."""

from __future__ import annotations

import sys

import click

from .datastore import datastore_option
from .flow_file import FlowFile
from .looking import Chosen, choose, explained, flow_or_name
from .output import complain, write
from .verb import HELP_OPTIONS, Verb

ACTIONS = ("add", "remove", "replace", "list")


class TagVerb(Verb):
    """A verb whose first word says what to do."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, in which the flow is the second word."""
        file = "flow.py " if any(each.name == "flow" for each in self.params) else ""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"  {ctx.command_path} {example.replace('FLOW ', file)}\n")


@click.command(
    "tag",
    cls=TagVerb,
    examples=("list FLOW latest", "add FLOW 7 good prod", "replace FLOW 7 good better"),
    context_settings=HELP_OPTIONS,
)
@click.argument("action", type=click.Choice(ACTIONS))
@flow_or_name
@click.argument("words", metavar="[RUN] [TAG]...", nargs=-1)
@datastore_option
def command(action: str, flow: FlowFile | str | None, words: tuple[str, ...], datastore: str | None) -> None:
    """Give a run tags, take them away, or list them.

    FLOW is the flow's file, or its name and the run, as in `flowc tag add Squares/7 good`. `replace` takes the tag to remove
    and the one to add. `list` also shows the tags that say how the run came about, which stay as they are. What is printed is
    the tags that the run then has.
    """
    chosen, tags = _run_and_tags(flow, words, datastore)
    _check_count(action, tags)
    run = chosen.run()
    with explained():
        before = run.user_tags
        add = tags if action == "add" else tags[1:] if action == "replace" else ()
        remove = tags if action == "remove" else tags[:1] if action == "replace" else ()
        if lacking := [tag for tag in remove if tag not in run.tags]:
            complain(f"flowc: {run.pathspec} has no tag {', '.join(lacking)}")
        if add or remove:
            run.replace_tags(remove, add)
        after = run.user_tags
        shown = [*sorted(after), *(sorted(run.system_tags) if action == "list" else ())]
    write("".join(f"{tag}\n" for tag in shown), sys.stdout)
    if action != "list" and after == before:
        complain(f"flowc: the tags of {run.pathspec} are as they were")


def _run_and_tags(flow: FlowFile | str | None, words: tuple[str, ...], datastore: str | None) -> tuple[Chosen, tuple[str, ...]]:
    """`Squares/7 TAG…` and `7 TAG…` have the run in FLOW; after `squares.py` and `Squares` it is the first of the words."""
    if isinstance(flow, str) and ("/" in flow or not flow.isidentifier() or flow == "latest"):
        return choose(flow, None, datastore, most=1), words
    if not words:
        raise click.UsageError("no run given: name one, as 7, or `latest`")
    return choose(flow, words[0], datastore, most=1), words[1:]


def _check_count(action: str, tags: tuple[str, ...]) -> None:
    if action == "list" and tags:
        raise click.UsageError(f"`list` takes no tags, and {', '.join(tags)} {'is one' if len(tags) == 1 else 'are some'}")
    if action == "replace" and len(tags) != 2:
        raise click.UsageError(f"`replace` takes two tags, the one to remove and the one to add, not {len(tags)}")
    if action in ("add", "remove") and not tags:
        raise click.UsageError(f"no tag given to {action}")
