"""`Config`: values that are given when a flow is compiled, and `config_expr`, which names one where the class does not.

The compiler reads both in the source, works their values out, and writes them into the plan. While a run imports the flow's
module, each `Config` has its value already, so that all that the class body computes from it is right. Where nobody compiled
anything, as in `python flow.py` before it hands over, or in a test that imports the flow, a `Config` without a value gives
`Placeholder`s: decorators ignore them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, Literal, Never, NoReturn, Self, TypeVar, overload

from ..errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan import ConfigSpec

T = TypeVar("T")

_provided: dict[str, ConfigSpec] = {}
"""The configs of the flow whose module is being imported, by name."""


class ConfigValue(dict[str, Any]):
    """The value of a config: a dictionary that cannot be changed, and whose keys are attributes too.

    `config.a.b` and `config["a"]["b"]` are the same. `to_dict()` gives a plain dictionary, which can be changed.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({name: _wrapped(value) for name, value in data.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(map(str, self)) or "nothing"
            raise AttributeError(f"the config has no `{name}`; it has {known}") from None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for whoever wants to change it."""
        plain: dict[str, Any] = _unwrapped(self)
        return plain

    def copy(self) -> ConfigValue:
        """Itself, for it cannot be changed."""
        return self

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self if str(name).isidentifier())})

    def __reduce__(self) -> tuple[type[ConfigValue], tuple[dict[str, Any]]]:
        return ConfigValue, (self.to_dict(),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a config cannot be changed: take `to_dict()` for a dictionary that can")

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __ior__ = _refuse
    clear = update = setdefault = pop = popitem = _refuse  # pyright: ignore[reportAssignmentType]  # dict's are overloaded


class Placeholder:
    """A value of a config that is not known yet: it takes whatever is done to it, and stays one."""

    def __init__(self, text: str) -> None:
        self._flowc_text = text

    def __repr__(self) -> str:
        return f"<config value {self._flowc_text}>"

    def __format__(self, layout: str) -> str:
        return repr(self)

    def __getattr__(self, name: str) -> Placeholder:
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._flowc_text}.{name}")

    def __getitem__(self, key: object) -> Placeholder:
        return Placeholder(f"{self._flowc_text}[{key!r}]")

    def __call__(self, *_: object, **__: object) -> Placeholder:
        """Whatever a method of the value would give."""
        return Placeholder(f"{self._flowc_text}(…)")

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def keys(self) -> tuple[str, ...]:
        """No keys: `**config.x` unpacks to nothing."""
        return ()

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __contains__(self, item: object) -> bool:
        return False

    def _stay(self, *_: object) -> Placeholder:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _stay
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = __round__ = _stay
    __or__ = __ror__ = __and__ = __rand__ = __xor__ = __rxor__ = __lshift__ = __rshift__ = __invert__ = _stay


class Config(Generic[T]):
    """Values that are known when the flow is compiled: from a file, or from the command line (`--config NAME PATH`,
    `--config-value NAME JSON`). Decorators and parameters may use them.

        class Train(FlowSpec):
            config = Config("config", default="config.json")

            @resources(memory=config.memory)
            @step
            def start(self):
                print(self.config.model.depth)

    Args:
        name: The name on the command line.
        default: The path of the default file, from the folder of the flow's file, and else from the current folder.
        default_value: The default itself, as a dictionary or as JSON text.
        help: What `--help` says of it.
        required: Refuse to compile without a value. It has no effect beside a default.
        parser: How a file is read: `json.loads` (also without it) or `tomllib.loads`, as a function or by name. No other is run.
        plain: Hand the value on as it is; without a parser, as the text of the file.
        show_default: For Metaflow's sake; nothing shows it.
    """

    @overload
    def __init__(
        self: Config[ConfigValue],
        name: str,
        default: str | None = None,
        default_value: str | Mapping[str, Any] | None = None,
        help: str | None = None,
        required: bool | None = None,
        parser: str | Callable[[str], Any] | None = None,
        plain: Literal[False] = False,
        *,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Config[Any],
        name: str,
        default: str | None = None,
        default_value: str | Mapping[str, Any] | None = None,
        help: str | None = None,
        required: bool | None = None,
        parser: str | Callable[[str], Any] | None = None,
        plain: bool = False,
        *,
        show_default: bool | None = None,
    ) -> None: ...
    def __init__(
        self,
        name: Any = None,
        default: Any = None,
        default_value: Any = None,
        help: str | None = None,
        required: bool | None = None,
        parser: Any = None,
        plain: bool = False,
        *,
        show_default: bool | None = None,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise LoadError('a Config has no name: the name on the command line is its first argument, Config("name", …)')
        self._flowc_name = name
        self._flowc_attribute = name
        spec = _provided.get(name)
        self._flowc_value: Any = Placeholder(name) if spec is None else value_of(spec.value, plain=spec.plain)

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._flowc_attribute = attribute

    @overload
    def __get__(self, flow: None, owner: type) -> Self: ...
    @overload
    def __get__(self, flow: object, owner: type) -> T: ...
    def __get__(self, flow: Any, owner: type) -> Any:
        if flow is None:
            return self
        binding = flow._binding()
        return self._flowc_value if binding is None else binding.config(self._flowc_attribute)

    def __set__(self, flow: object, value: Never) -> None:
        raise AttributeError(f"`self.{self._flowc_attribute}` cannot be set: it is a Config, which is the same all through a run")

    def __delete__(self, flow: object) -> None:
        raise AttributeError(f"`self.{self._flowc_attribute}` cannot be deleted: it is a Config, which lasts as long as the run")

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_flowc_")):
            raise AttributeError(name)
        return getattr(self._flowc_value, name)

    def __getitem__(self, key: Any) -> Any:
        return self._flowc_value[key]

    def keys(self) -> Any:
        """The keys of its value, for `**config`."""
        return self._flowc_value.keys()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._flowc_value)

    def __len__(self) -> int:
        return len(self._flowc_value)

    def __bool__(self) -> bool:
        return bool(self._flowc_value)

    def __contains__(self, key: object) -> bool:
        return key in self._flowc_value

    def __repr__(self) -> str:
        return f"Config({self._flowc_name!r})"


def config_expr(expr: str) -> Any:
    """The value of an expression over configs by their names, where the class's own names are out of reach:

    @project(name=config_expr("config.project.name"))
    class Train(FlowSpec):
        config = Config("config", default="config.json")
    """
    if not _provided:
        return Placeholder(expr)
    import sys

    names = {name: value_of(spec.value, plain=spec.plain) for name, spec in _provided.items()}
    # The text is the flow's own code, which is being imported; the compiler has worked it out already.
    return eval(expr.strip(), sys._getframe(1).f_globals, names)


def value_of(value: Any, *, plain: bool) -> Any:
    """A config's value as a flow sees it."""
    return value if plain or not isinstance(value, Mapping) else ConfigValue(value)


@contextmanager
def provided(configs: Sequence[ConfigSpec]) -> Iterator[None]:
    """Let each `Config` that is made meanwhile have its value."""
    before = dict(_provided)
    _provided.clear()
    _provided.update((spec.name, spec) for spec in configs)
    try:
        yield
    finally:
        _provided.clear()
        _provided.update(before)


def _wrapped(value: Any) -> Any:
    match value:
        case Mapping():
            return ConfigValue(value)
        case list() | tuple():
            return [_wrapped(one) for one in value]
        case _:
            return value


def _unwrapped(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _unwrapped(one) for name, one in value.items()}
        case list():
            return [_unwrapped(one) for one in value]
        case _:
            return value
