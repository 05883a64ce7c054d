"""What all verbs have in common: their help's examples, the FILE argument, `--color` and `--format`."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from .flow_file import FlowFile, parse_flow_file

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

HELP_OPTIONS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

FORMATS = ("full", "concise", "json", "sarif", "github")
"""The names that `--format` takes; a test holds them to the renderer's own table, which is not imported for help."""

FLOW_ARGUMENTS = ("flow", "flows")


class Verb(click.Command):
    """A command that ends its help with examples.

    Args:
        examples: What stands after the flow's file in each: `""`, `"--format json"`.
    """

    def __init__(self, *args: Any, examples: Sequence[str], **kwargs: Any) -> None:
        kwargs["context_settings"] = HELP_OPTIONS | kwargs.get("context_settings", {})
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.flow: FlowFile | None = None

    def about(self, flow: FlowFile) -> Verb:
        """The same verb for `python flow.py`: without a FILE argument, which `flow` fills in."""
        one = copy.copy(self)
        argument = next((each for each in self.params if each.name in FLOW_ARGUMENTS), None)
        if argument is not None and self.callback is not None:
            given: dict[str, Any] = {str(argument.name): (flow,) if argument.nargs == -1 else flow}
            one.params = [each for each in self.params if each is not argument]
            one.callback = functools.partial(self.callback, **given)
            one.flow = flow
        return one

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse them; of an unknown option say only what is near without its dashes, which make `--alpha` look like `--help`."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from .similar import did_you_mean

            given = error.option_name.lstrip("-")
            near = [one for one in error.possibilities or () if did_you_mean(given, [one.lstrip("-")])]
            raise click.NoSuchOption(error.option_name, error.message, near, error.ctx) from None
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # which click leaves out where an option has too few values
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        takes_file = any(each.name in FLOW_ARGUMENTS for each in self.params)
        with formatter.section("Examples"):
            for example in self.examples:
                words = [ctx.command_path, "flow.py" if takes_file else "", example]
                # Not wrapped, so that a line can be copied.
                formatter.write(f"  {' '.join(filter(None, words))}\n")


class Family(Verb, click.Group):
    """A verb that is followed by one of its own: `flowc package list`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, examples=(), **kwargs)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add one, and its examples to those of the family."""
        super().add_command(cmd, name)
        if isinstance(cmd, Verb):
            file = "flow.py" if any(each.name in FLOW_ARGUMENTS for each in cmd.params) else ""
            self.examples += tuple(" ".join(filter(None, (cmd.name, file, example))) for example in cmd.examples)

    def about(self, flow: FlowFile) -> Family:
        """The same for `python flow.py`."""
        one = copy.copy(self)
        one.commands, one.examples = {}, ()
        for name, each in self.commands.items():
            one.add_command(each.about(flow) if isinstance(each, Verb) else each, name)
        return one


def flow_argument(*, many: bool = False) -> Callable[[Decorated], Decorated]:
    """The FILE argument: `flow: FlowFile`, or with `many` `flows: tuple[FlowFile, …]`, which may be empty."""
    if many:
        return click.argument("flows", metavar="FILE[:CLASS]...", type=parse_flow_file, nargs=-1)
    return click.argument("flow", metavar="FILE[:CLASS]", type=parse_flow_file)


def color_option(function: Decorated) -> Decorated:
    """`--color`, kept as the context's `color`."""
    return click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_keep_color,
        help="Colours; auto: on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise.",
    )(function)


def format_option(function: Decorated) -> Decorated:
    """`--format`, how diagnostics are shown."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="full",
        show_default=True,
        help="How diagnostics are shown.",
    )(function)


def data_format_option(function: Decorated) -> Decorated:
    """`--format` of verbs that show what is kept of runs: for people, or as JSON."""
    return click.option(
        "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True, help="How it is shown."
    )(function)


def strict_option(function: Decorated) -> Decorated:
    """`--strict`, whether warnings count."""
    return click.option("--strict", is_flag=True, help="Let warnings count as errors do.")(function)


def _keep_color(context: click.Context, parameter: click.Parameter, value: str) -> None:
    context.color = {"auto": None, "always": True, "never": False}[value]
