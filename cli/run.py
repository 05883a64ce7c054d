"""`flowc run`: compile a flow and run it here, with local processes.

A flow's parameters are options of the verb. They are known once the flow is compiled, so this happens while the command line is
being parsed: `RunVerb` finds FILE among the arguments, compiles it, and adds the options.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import click

from ..compiler.given import Given
from ..compiler.ir.nodes import Config, Constant, Parameter
from ..compiler.pipeline import Compilation
from ..compiler.plan import plain, plan_of
from .datastore import place_of
from .flow_file import FlowFile, parse_flow_file
from .given import CONFIG, CONFIG_VALUE, FLAGS, given_options, refuse_unknown, scan, tell_idle, words_at
from .output import Unusable, stop_at_faults
from .running import YIELDING, How, run_to_its_end, running_options
from .verb import Verb, color_option, flow_argument, format_option

COMPILATION = f"{__name__}.compilation"
OPTIONS = f"{__name__}.options"
VALUES = f"{__name__}.values"
"""Where the context keeps what became of the flow, the options of its parameters, and their values by name."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A parameter of a deployed flow, as its plan has it, which does not say whether its default is shown."""

    name: str
    type: str
    default: Constant
    deferred: bool
    required: bool
    help: str | None
    show_default: bool = True


Asked: TypeAlias = Parameter | Deployed
"""A parameter that becomes an option."""


class RunVerb(Verb):
    """A verb with an option for each parameter of the flow."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Compile the flow that the arguments name, then parse them with its parameters as options."""
        flow = self.flow or self._named(args)
        ctx.meta[OPTIONS] = []
        ctx.meta[VALUES] = {}
        helping = bool({"-h", "--help"} & set(args))
        if flow is None and not helping:
            self._refuse_options_before_file(ctx, args)
        if flow is not None and not (helping and not Path(flow.path).is_file()):
            ctx.meta[COMPILATION] = compilation = self._compile(flow, args)
            if compilation.flow is not None:
                ctx.meta[OPTIONS] = self._options(compilation.flow.parameters)
            else:
                # Its parameters are not known. Its faults matter more than a mistyped option, and `command` shows them.
                ctx.ignore_unknown_options = ctx.allow_extra_args = True
        return super().parse_args(ctx, args)

    def _compile(self, flow: FlowFile, args: Sequence[str]) -> Compilation:
        """Compile with what the arguments say of it, but for options that turn out to be parameters of the flow."""
        given = scan(args)
        compilation, _ = flow.compile_unjudged(given)
        if taken := self._taken(compilation):
            given = scan(args, [one for one in FLAGS if one not in taken])
            compilation, _ = flow.compile_unjudged(given)
        refuse_unknown(given, [compilation])
        return compilation

    def _taken(self, compilation: Compilation) -> set[str]:
        """Which of the options that say what is compiled are the flow's own. In one with configs, `--config` is not."""
        found = compilation.definition
        if found is None:
            return set()
        names = {f"--{one.name.replace('_', '-')}" for one in found.parameters}
        return {*FLAGS} & names & self.yielding - ({CONFIG, CONFIG_VALUE} if found.configs else set())

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The verb's own options, and those of the flow's parameters, which come before some of them."""
        own, options = super().get_params(ctx), list(ctx.meta.get(OPTIONS, ()))
        taken = {name for option in options for name in option.opts}
        return [one for one in own if not set(one.opts) & {*FLAGS, *YIELDING} & taken] + options

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The flow's parameters before all other options, and which configs there are."""
        shown: list[click.Option] = ctx.meta.get(OPTIONS, [])
        compilation: Compilation | None = ctx.meta.get(COMPILATION)
        records = [record for one in shown if (record := one.get_help_record(ctx))]
        if records and compilation is not None and compilation.flow is not None:
            with formatter.section(f"Parameters of {compilation.flow.name}"):
                formatter.write_dl(records)
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one not in shown]
        with formatter.section("Options"):
            formatter.write_dl([record for one in options if (record := one.get_help_record(ctx))])
        if compilation is not None and compilation.flow is not None and compilation.flow.configs:
            with formatter.section("Configs"):
                formatter.write_dl([(one.name, _config_help(one)) for one in compilation.flow.configs])

    def _named(self, args: Sequence[str]) -> FlowFile | None:
        """FILE among the arguments."""
        word = self._first_word(args)
        return None if word is None else parse_flow_file(word)

    def _first_word(self, args: Sequence[str]) -> str | None:
        """The first argument that is neither an option nor the value of one."""
        options = [one for one in self.params if isinstance(one, click.Option)]
        flags = {"-h", "--help", *(name for one in options if one.is_flag for name in one.opts)}
        skip = 0
        for position, one in enumerate(args):
            if skip:
                skip -= 1
            elif words := words_at(args, position):
                skip = words - 1
            elif one.startswith("-"):
                skip = int("=" not in one and one not in flags)
            else:
                return one
        return None

    def _refuse_options_before_file(self, ctx: click.Context, args: Sequence[str]) -> None:
        """Without FILE no parameter is known, nor whether `--loud flow.py` is a flag and FILE, or an option and its value."""
        own = {name for param in self.params if isinstance(param, click.Option) for name in param.opts}
        for one in args:
            name = one.partition("=")[0]
            if name.startswith("--") and name not in {"--", *own}:
                raise click.UsageError(f"no FILE found. Options of the flow, as {name} may be, come after FILE", ctx)

    yielding = frozenset((*FLAGS, *YIELDING))
    """Options that the verb does not have for a flow with a parameter of that name."""

    def _options(self, parameters: Sequence[Asked]) -> list[click.Option]:
        taken = {name for param in self.params if isinstance(param, click.Option) for name in param.opts} - self.yielding
        options = []
        for number, one in enumerate(parameters):
            names = {f"--{one.name}", f"--{one.name.replace('_', '-')}", f"--{one.name.replace('-', '_')}"}
            if names & (taken | {"--help"}):
                raise Unusable(f"the parameter '{one.name}' has the name of an option of `{self.name}`: rename it")
            declarations = [f"parameter_{number}", *sorted(names, key=lambda name: (name != f"--{one.name}", name))]
            options.append(_option(one, declarations))
        return options


def _option(parameter: Asked, declarations: Sequence[str]) -> click.Option:
    """The option of a parameter. Its value stays text: the runtime knows what text means, on every platform alike."""
    option = partial(
        click.Option,
        declarations,
        metavar="PATH" if parameter.type == "file" else parameter.type.upper(),
        help=_help(parameter),
        required=parameter.required,
        expose_value=False,
        callback=_keep(parameter.name),
    )
    # `--verbose` alone is enough.
    return option(is_flag=False, flag_value="true") if parameter.type == "bool" else option()


@click.command("run", cls=RunVerb, examples=("", "--alpha 0.5 --max-workers 4", "--help"))
@flow_argument()
@running_options
@given_options
@format_option
@color_option
def command(
    flow: FlowFile,
    how: How,
    form: str,
    given: Given,
) -> None:
    """Run a flow on this machine.

    Each of the flow's parameters is an option: `flowc run flow.py --help` lists them.
    """
    meta = click.get_current_context().meta
    compilation: Compilation = meta[COMPILATION]
    stop_at_faults(compilation.diagnostics, compilation.sources, form)
    assert compilation.flow is not None, "no flow, and no error that says why"
    if not how.quiet:
        tell_idle([compilation])
    from ..runtime.plan import parse_plan

    document = plan_of(compilation.flow)
    place = place_of(how.datastore, flow)
    run_to_its_end(flow, compilation, parse_plan(document), document, place, how, meta[VALUES], given=given, form=form)


def _help(parameter: Asked) -> str:
    text = " ".join((parameter.help or "").split())
    if parameter.required or not parameter.show_default:
        return text
    if parameter.deferred:
        return f"{text} [default: computed when the run starts]".strip()
    default = parameter.default
    if parameter.type == "file" and default is None:
        return text
    return f"{text} [default: {default if isinstance(default, str) else json.dumps(plain(default), ensure_ascii=False)}]".strip()


def _config_help(config: Config) -> str:
    origin = f"from {config.origin}" if config.origin else "no value"
    return f"{' '.join((config.help or '').split())} [{origin}]".strip()


def _keep(name: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def keep(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            context.meta[VALUES][name] = value

    return keep
