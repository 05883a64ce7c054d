"""What FILE names: a file, and the flow's class in it where `:Class` says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .given import refuse_unknown, tell_idle
from .names import notebook, unusable_name
from .output import Unusable

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.pipeline import Compilation
    from ..compiler.source import Source


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A flow as named on the command line.

    Attributes:
        path: The file, as the user wrote it.
        class_name: The flow's class, or None: the only one.
    """

    path: str
    class_name: str | None = None

    def __str__(self) -> str:
        """What names it on a command line: FILE[:CLASS]."""
        return self.path + (f":{self.class_name}" if self.class_name else "")

    def read(self) -> bytes:
        """The file's bytes.

        Raises:
            Unusable: There is no such file, it cannot be read, or a run could not import a file of its name.
        """
        return self.accept(read_file(self.path))

    def accept(self, data: bytes) -> bytes:
        """The same bytes.

        Raises:
            Unusable: They are no flow's, or a run could not import a file of this name.
        """
        if (why := unusable_name(self.path)) is not None:
            raise Unusable(why)
        if data.lstrip().startswith(b"{") and b'"cells"' in data:
            raise Unusable(notebook(self.path))
        return data

    def compile(self, given: Given | None = None) -> tuple[Compilation, bytes]:
        """Compile the file. Also gives its bytes as they are.

        Args:
            given: What the command line gives its configs, and adds to its steps.

        Raises:
            Unusable: It cannot be read, or has no config of a name that is given.
        """
        compilation, data = self.compile_unjudged(given)
        if given is not None:
            refuse_unknown(given, [compilation])
            tell_idle([compilation])
        return compilation, data

    def compile_unjudged(self, given: Given | None = None) -> tuple[Compilation, bytes]:
        """The same, where it is not certain yet that what is given is meant for the compiler."""
        # Here, so that `explain` and help start without the compiler.
        from ..compiler.given import NOTHING
        from ..compiler.pipeline import compile_bytes

        data = self.read()
        return compile_bytes(self.path, data, self.class_name, Disk(), given or NOTHING), data

    def modules(self, source: Source) -> dict[str, bytes]:
        """The modules beside the flow that it imports, with their bytes as they are; by path from the flow's folder."""
        home, disk = Path(self.path).parent, Disk()
        found = {name: disk.read(str(home / name)) for name in self.importers(source)}
        return {name: data for name, data in found.items() if data is not None}

    def importers(self, source: Source) -> dict[str, tuple[str, int]]:
        """The same modules, each with the file and the line that import it."""
        from ..compiler.frontend.closure import imported_by

        return imported_by(source, Disk())


def read_file(path: str) -> bytes:
    """The bytes of a file that the user names.

    Raises:
        Unusable: There is no such file, or it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise Unusable(f"no such file: {path}") from None
    except IsADirectoryError:
        raise Unusable(f"a folder, not a file: {path}") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        raise Unusable(f"cannot read {path}: {error.strerror if isinstance(error, OSError) else error}") from None


class Disk:
    """The files that the compiler may read beside a flow's own."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where it cannot be read."""
        try:
            return Path(path).expanduser().read_bytes()
        except (OSError, ValueError, RuntimeError):  # ValueError: a name with a NUL in it; RuntimeError: there is no home
            return None


def parse_flow_file(text: str) -> FlowFile:
    r"""Take `FILE[:CLASS]` apart.

    A colon alone decides nothing: it also stands in `C:\flows\flow.py` and may stand in any file's name.

    Raises:
        Unusable: There is no file's name in it, or what follows an existing file's name is not the name of a class.
    """
    head, colon, tail = text.rpartition(":")
    if not (head if colon else text).strip():
        raise Unusable(f"no file given{f': {text}' if text.strip() else ''}")
    if not colon or Path(text).exists():
        return FlowFile(text)
    if tail.isidentifier():
        return FlowFile(head, tail)
    if Path(head).is_file():
        raise Unusable(f"not the name of a class: '{tail}' in {text}")
    return FlowFile(text)
