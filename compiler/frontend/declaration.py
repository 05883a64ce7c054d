"""A call of `Parameter`, `IncludeFile` or `Config` in a class body: its arguments by name, and each as a constant of its type.

Parameter("alpha", 0.5, help="the rate")   →   {"name": …, "default": …, "help": …}, as expressions
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant
from .constants import NotConstant
from .context import Context, did_you_mean
from .fixing import rename, the_near_one

T = TypeVar("T", str, bool)

POSITIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "Parameter": ("name", "default", "type", "help", "required", "show_default"),
    "IncludeFile": ("name", "required", "is_text", "encoding", "help", "parser"),
    "Config": ("name", "default", "default_value", "help", "required", "parser", "plain"),
}
"""The arguments that may stand without their names, in Metaflow's order."""
BY_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    "Parameter": ("separator", "is_flag"),
    "IncludeFile": ("default", "show_default"),
    "Config": ("show_default",),
}
_ONE_VALUE: Final = 'a run has one value for it: take a list as text with `separator=","`, or as JSON with `type=JSONType`'
_EVENTS: Final = "what sets off a deployed flow is said by `@trigger` on its class"
_CLICKS: Final = "that is for Metaflow's command line, and has no meaning for a deployed flow: leave it out"
FOREIGN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("multiple", "nargs", "count"), _ONE_VALUE),
    **dict.fromkeys(("external_trigger", "external_artifact"), _EVENTS),
    **dict.fromkeys(("callback", "confirmation_prompt", "expose_value", "flag_value", "hide_input", "is_eager"), _CLICKS),
    **dict.fromkeys(("allow_from_autoenv", "envvar", "hidden", "metavar", "prompt", "show_choices", "show_envvar"), _CLICKS),
}
"""What `Parameter` takes in Metaflow, which hands it on to click or to an extension, and what to do instead."""
RUN_OPTIONS: Final = frozenset(["help", "format", "color", "datastore", "max-workers", "max-num-splits"])
"""Options of `flowc run` itself."""
CONFIG_OPTIONS: Final = frozenset(["config", "config-value"])
"""Those that it has for a flow with configs."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one call says.

    Attributes:
        kind: `Parameter`, `IncludeFile` or `Config`.
        attribute: Its name in the class.
        call: The call itself.
        arguments: The expressions by the arguments' names.
    """

    context: Context
    kind: str
    attribute: str
    call: ast.Call
    arguments: Mapping[str, ast.expr]

    def fault(self, name: str, message: str, label: str = "", *, help: str = "") -> None:
        """Report that an argument is wrong."""
        self.context.fault(rules.BAD_PARAMETER, message, self.arguments.get(name, self.call), label, help=help)

    def constant(self, name: str) -> Constant:
        """An argument's value; None where it is not given or no constant, which is reported."""
        node = self.arguments.get(name)
        if node is None:
            return None
        try:
            return self.context.constant(node)
        except NotConstant as reason:
            self.context.not_constant(f"`{name}` of {a_kind(self.kind)}", reason)
            return None

    def typed(self, name: str, kind: type[T], words: str) -> T | None:
        """An argument that must be a constant of one type; None where it is not given."""
        value = self.constant(name)
        if value is not None and not isinstance(value, kind):
            self.fault(name, f"`{name}` of {a_kind(self.kind)} takes {words}")
            return None
        return value

    def given(self, name: str) -> bool:
        """Whether an argument is there and is not `None`."""
        node = self.arguments.get(name)
        return node is not None and not (isinstance(node, ast.Constant) and node.value is None)

    def required(self) -> bool:
        """Whether a value must be given. What has a default is not required, as in Metaflow."""
        required = self.typed("required", bool, "True or False")
        if required and (self.given("default") or self.given("default_value")):
            self.context.fault(
                rules.REQUIRED_WITH_DEFAULT,
                f"`required=True` has no effect on `{self.attribute}`, which has a default",
                self.arguments["required"],
                help="take one of the two away",
            )
            return False
        return bool(required)


def read_declaration(context: Context, attribute: str, call: ast.Call, kind: str) -> tuple[Declaration, str] | None:
    """The declaration and its name on the command line; None where it is malformed, which is reported."""
    arguments = _arguments(context, call, kind)
    if arguments is None:
        return None
    declaration = Declaration(context, kind, attribute, call, arguments)
    write = f'write `{kind}("{attribute}", …)`'
    if "name" not in arguments:
        context.fault(rules.BAD_PARAMETER, f"the `{kind}` has no name", call, help=write)
        return None
    try:
        name = context.constant(arguments["name"])
    except NotConstant as reason:
        context.not_constant(f"`name` of `{attribute}`", reason)
        return None
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII):
        declaration.fault("name", f"the name of the `{kind}` is not a string of letters, digits, `_` and `-`", help=write)
        return None
    option = name.replace("_", "-").lower()
    own = RUN_OPTIONS | CONFIG_OPTIONS if context.configs.by_name else RUN_OPTIONS
    if kind != "Config" and option in own:
        help = "rename it on the command line: the attribute may keep its name"
        declaration.fault("name", f"`--{name}` is an option of `flowc run` itself", help=help)
        return None
    return declaration, name


def _arguments(context: Context, call: ast.Call, kind: str) -> dict[str, ast.expr] | None:
    positional, known = POSITIONAL[kind], (*POSITIONAL[kind], *BY_NAME[kind])
    for position, node in enumerate(call.args):
        if isinstance(node, ast.Starred):
            context.fault(rules.BAD_PARAMETER, f"`{kind}` cannot be read with `*`", node, help="write each argument out")
            return None
        if position >= len(positional):
            message = f"`{kind}` takes no more than {len(positional)} arguments without their names"
            context.fault(rules.BAD_PARAMETER, message, node, help=f"it takes {_listed(known)}")
            return None
    found: dict[str, ast.expr] = dict(zip(positional, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None:
            context.fault(rules.BAD_PARAMETER, f"`{kind}` cannot be read with `**`", keyword, help="write each argument out")
            return None
        if keyword.arg not in known:
            guess = did_you_mean(keyword.arg, known)
            help = f"did you mean `{guess}`?" if guess else f"it takes {_listed(known)}"
            fix = rename(context, keyword, the_near_one(keyword.arg, known))
            if kind == "Parameter" and keyword.arg in FOREIGN:
                help, fix = FOREIGN[keyword.arg], None
            context.fault(rules.BAD_PARAMETER, f"`{kind}` has no argument `{keyword.arg}`", keyword, help=help, fix=fix)
            return None
        if keyword.arg in found:
            context.fault(rules.BAD_PARAMETER, f"`{keyword.arg}` of the `{kind}` is given twice", keyword, "again")
            return None
        found[keyword.arg] = keyword.value
    return found


def a_kind(kind: str) -> str:
    """`Parameter` and the like, with its article."""
    return f"{'an' if kind == 'IncludeFile' else 'a'} `{kind}`"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{one}`" for one in names)
