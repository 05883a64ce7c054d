"""`Parameter`: a value that is given when a run starts, and `JSONType`, the type of those that are JSON.

The compiler reads `Parameter(…)` in the source; at run time it is a descriptor, through which steps read the run's value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Never, Self, TypeVar, overload

from ..errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class JSONTypeClass:
    """The type of `JSONType`."""

    name = "JSON"

    def __repr__(self) -> str:
        return "JSONType"


JSONType = JSONTypeClass()
"""`Parameter("config", type=JSONType, default='{"a": 1}')`: given as JSON text, read as the value."""


class ParameterContext:
    """What a default gets that is a function of one argument.

    Attributes:
        flow_name: The flow's class.
        user_name: Who starts the run.
        parameter_name: Which parameter the default is for.
    """

    def __init__(self, flow_name: str, user_name: str | None, parameter_name: str) -> None:
        self.flow_name = flow_name
        self.user_name = user_name
        self.parameter_name = parameter_name


class Parameter(Generic[T]):
    """A value that a run is started with: `--name VALUE` on the command line, `self.attribute` in the steps, the same in
    all of them.

        class Train(FlowSpec):
            rate = Parameter("rate", default=0.1, help="the learning rate")

    Args:
        name: The name on the command line.
        default: The value of runs that give none; a function is called when a run starts, with a
            `ParameterContext` if it takes an argument.
        type: `str`, `int`, `float`, `bool` or `JSONType`; without it, the default's type, and else `str`.
        help: What `--help` says of it.
        required: Refuse runs that do not give it. It has no effect beside a default.
        show_default: Whether `--help` shows the default.
        is_flag: For Metaflow's sake; what is True or False is a flag anyway, `--verbose` or `--verbose false`.
        separator: What splits a value that is text into a list of texts, such as `","`; an empty text stays as it is.
    """

    @overload
    def __init__(
        self: Parameter[list[str]],
        name: str,
        default: str | Callable[..., str] | None = None,
        type: type[str] | None = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        *,
        separator: str,
    ) -> None: ...
    @overload
    def __init__(
        self: Parameter[Any],
        name: str,
        default: object = None,
        *,
        type: JSONTypeClass,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Parameter[Any],
        name: str,
        default: object,
        type: JSONTypeClass,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        default: T | Callable[..., T] | None = None,
        *,
        type: type[T],
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: None = None,
        is_flag: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        default: T | Callable[..., T] | None,
        type: type[T],
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: None = None,
        is_flag: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Parameter[str],
        name: str,
        default: None = None,
        type: None = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: None = None,
        is_flag: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        default: Callable[..., T],
        type: None = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: None = None,
        is_flag: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        default: T,
        type: None = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: None = None,
        is_flag: bool | None = None,
    ) -> None: ...
    def __init__(
        self,
        name: Any = None,
        default: Any = None,
        type: Any = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: str | None = None,
        is_flag: bool | None = None,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise LoadError('a Parameter has no name: the name on the command line is its first argument, Parameter("name", …)')
        self.name: str = name
        self.default = default
        self.type = type
        self.help = help
        self.required = required
        self.show_default = show_default
        self.separator = separator
        self.attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    @overload
    def __get__(self, flow: None, owner: type) -> Self: ...
    @overload
    def __get__(self, flow: object, owner: type) -> T: ...
    def __get__(self, flow: Any, owner: type) -> Any:
        if flow is None:
            return self
        binding = flow._binding()
        return self.evaluate(owner.__name__) if binding is None else binding.parameter(self.attribute)

    def __set__(self, flow: object, value: Never) -> None:
        raise AttributeError(f"`self.{self.attribute}` cannot be set: it is a Parameter, which keeps its value all through a run")

    def __delete__(self, flow: object) -> None:
        raise AttributeError(f"`self.{self.attribute}` cannot be deleted: it is a Parameter, which lasts as long as the run")

    def evaluate(self, flow_name: str, user_name: str | None = None) -> Any:
        """The default, called if it is a function. What it returns is not checked here."""
        from .config import Placeholder

        if not callable(self.default) or isinstance(self.default, Placeholder):
            return self.default
        if _takes_argument(self.default):
            return self.default(ParameterContext(flow_name, user_name, self.name))
        return self.default()


def _takes_argument(function: Callable[..., Any]) -> bool:
    import inspect

    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # a built-in function that does not say
        return False
    return True
