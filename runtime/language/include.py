"""`IncludeFile`: a parameter whose value is what a file holds.

A run reads the file once, when it starts, and keeps the content as it keeps every parameter's value. What a container has of the
default's file, the plan brings along.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from ..errors import LoadError, ParameterError
from .parameter import Parameter, T

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan import ParameterSpec


class IncludeFile(Parameter[T]):
    """A parameter whose value is what a file holds: `--name PATH` on the command line, the content as `self.attribute`.

        class Report(FlowSpec):
            template = IncludeFile("template", default="template.html")

    Args:
        name: The name on the command line.
        required: Refuse runs that do not give it. It has no effect beside a default.
        is_text: False for the file's bytes as they are.
        encoding: How its bytes are text, by default UTF-8. Line ends become newlines.
        help: What `--help` says of it.
        parser: A function, or the name of one (`"package.module.function"`), that makes the value of the content.
        default: The path of a file, from the folder of the flow's file, and else from the current folder. A function is called
            when a run starts, with a `ParameterContext` if it takes an argument.
        show_default: Whether `--help` shows the default.
    """

    @overload
    def __init__(
        self: IncludeFile[bytes],
        name: str,
        required: bool | None = None,
        *,
        is_text: Literal[False],
        encoding: str | None = None,
        help: str | None = None,
        parser: None = None,
        default: str | Callable[..., str] | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: IncludeFile[str],
        name: str,
        required: bool | None = None,
        is_text: Literal[True] | None = None,
        encoding: str | None = None,
        help: str | None = None,
        parser: None = None,
        *,
        default: str | Callable[..., str] | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: IncludeFile[Any],
        name: str,
        required: bool | None = None,
        is_text: bool | None = None,
        encoding: str | None = None,
        help: str | None = None,
        *,
        parser: str,
        default: str | Callable[..., str] | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        required: bool | None = None,
        is_text: bool | None = None,
        encoding: str | None = None,
        help: str | None = None,
        *,
        parser: Callable[[Any], T],
        default: str | Callable[..., str] | None = None,
        show_default: bool | None = None,
    ) -> None: ...
    def __init__(
        self,
        name: Any = None,
        required: bool | None = None,
        is_text: bool | None = None,
        encoding: str | None = None,
        help: str | None = None,
        parser: Any = None,
        *,
        default: Any = None,
        show_default: bool | None = None,
    ) -> None:
        super().__init__(name, default, help=help, required=required, show_default=show_default)
        self.is_text = is_text is not False
        self.encoding = encoding or "utf-8"
        self.parser = parser


def read_file(spec: ParameterSpec, path: str) -> object:
    """The content of a file that the command line names.

    Raises:
        ParameterError: It cannot be read, or is not text in its encoding.
    """
    assert spec.file is not None
    return content_of(spec, _bytes(spec, path, (Path(path).expanduser(),)), path)


def read_default(spec: ParameterSpec, path: str, folder: Path | None) -> object:
    """The content of the default's file: as the plan has it, and else as it is on the disk of the laptop that runs the flow.

    Args:
        folder: That of the flow's file; None in a container, which has the plan only.
    """
    assert spec.file is not None
    if spec.file.content is not None and path == spec.default:
        return content_of(spec, spec.file.content, path)
    if folder is None:
        lacking = "when the flow was compiled, it was not there or too large for the plan"
        why = lacking if path == spec.default else "only a local run can read it"
        raise ParameterError(f"the file of the parameter `{spec.name}`, {path}, is not here: {why}")
    return content_of(spec, _bytes(spec, path, (folder / Path(path).expanduser(), Path(path).expanduser())), path)


def content_of(spec: ParameterSpec, data: bytes, path: str) -> object:
    """Bytes as the parameter has them."""
    assert spec.file is not None
    if spec.file.encoding is None:
        return data
    try:
        return data.decode(spec.file.encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeError as error:
        raise ParameterError(
            f"the parameter `{spec.name}` cannot be read from {path}: it is not text in {spec.file.encoding} ({error})"
        ) from None


def content_from_json(spec: ParameterSpec, value: object) -> object:
    """The content that an orchestrator hands in: text as it is, bytes in base64."""
    assert spec.file is not None
    if not isinstance(value, str):
        raise ParameterError(f"the parameter `{spec.name}` takes the content of a file as text, not {value!r:.80}")
    if spec.file.encoding is not None:
        return value
    import base64
    import binascii

    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ParameterError(f"the parameter `{spec.name}` takes bytes in base64, not {value!r:.80}") from None


def parsed(spec: ParameterSpec, declared: IncludeFile[Any], content: object) -> object:
    """What the parser makes of the content.

    Raises:
        LoadError: There is no such function, or it failed.
    """
    parser = declared.parser
    if parser is None:
        return content
    try:
        return (_named(parser) if isinstance(parser, str) else parser)(content)
    except (Exception, SystemExit) as error:
        from ..failure import trimmed_traceback

        message = f"the parser of the parameter `{spec.name}` failed: {type(error).__name__}: {error}"
        raise LoadError(message, trimmed_traceback(error)) from error


def _named(path: str) -> Callable[[Any], Any]:
    import importlib

    module, _, name = path.rpartition(".")
    function: Callable[[Any], Any] = getattr(importlib.import_module(module), name)
    return function


def _bytes(spec: ParameterSpec, shown: str, paths: tuple[Path, ...]) -> bytes:
    problem = "no such file"
    for path in paths:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
            problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
            break
    raise ParameterError(f"the parameter `{spec.name}` cannot be read from {shown}: {problem}")
