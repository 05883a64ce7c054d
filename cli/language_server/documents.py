"""Open documents, and the files beside them as an editor has them: text that is not saved yet comes before that on the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from ...compiler.files import NO_FILES, Files
from ...compiler.source import Source, encoding_of
from ..flow_file import Disk

_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


@dataclass(frozen=True, slots=True)
class Document:
    """One open document, at one version.

    Attributes:
        uri: As the editor calls it.
        source: Its text; the path is that of a file, or the URI where it is none.
        version: As the editor counts; None where it does not.
    """

    uri: str
    source: Source
    version: int | None

    @property
    def is_checked(self) -> bool:
        """Whether it is code that someone writes, and not a cell of a notebook, or an old version beside the new one."""
        return urlsplit(self.uri).scheme in ("file", "untitled")


class Documents:
    """The open documents; as `Files`, whatever the compiler may read beside one of them."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}
        self._by_path: dict[str, Document] = {}
        self._disk = Disk()

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._by_uri.values()))

    def put(self, uri: str, text: str, version: int | None) -> Document:
        """Open a document, or change its text."""
        document = Document(uri, Source(path_of(uri), text.removeprefix("\ufeff")), version)
        self._by_uri[uri] = document
        self._by_path[_real(document.source.path)] = document
        return document

    def drop(self, uri: str) -> None:
        """Close a document."""
        document = self._by_uri.pop(uri, None)
        if document is not None:
            self._by_path.pop(_real(document.source.path), None)

    def get(self, uri: str) -> Document | None:
        """The open document of this name."""
        return self._by_uri.get(uri)

    def at(self, path: str) -> Document | None:
        """The open document of a file, by whatever path."""
        return self._by_path.get(_real(path))

    def uri_of(self, path: str) -> str:
        """What the editor calls a file."""
        document = self.at(path)
        return document.uri if document is not None else uri_of(path)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, as `Files` asks."""
        document = self.at(path)
        return self._disk.read(path) if document is None else encode_text(document.source.text)

    def beside(self, document: Document) -> Files:
        """What may be read beside a document; nothing, if it has no folder."""
        return self if urlsplit(document.uri).scheme == "file" else NO_FILES


def path_of(uri: str) -> str:
    """The path that a URI names; the URI itself where it names no file."""
    scheme, host, path, _, _ = urlsplit(uri)
    if scheme != "file":
        return uri
    path = unquote(path)
    if host and host != "localhost":
        return f"//{unquote(host)}{path}"  # a share of Windows
    return path[1:] if _DRIVE.match(path) else path


def uri_of(path: str) -> str:
    """The URI of a file."""
    path = path.replace(os.sep, "/")
    if path.startswith("//"):
        return "file:" + quote(path)
    return "file://" + quote(path if path.startswith("/") else f"/{path}")


def _real(path: str) -> str:
    """One name for a file that has several, by links."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return path


def encode_text(text: str) -> bytes:
    """The bytes of a text as they would be saved: in the encoding that it names itself."""
    plain = text.encode("utf-8", "surrogatepass")  # an editor may send half of a pair
    try:
        return text.encode(encoding_of(plain))
    except (SyntaxError, LookupError, UnicodeError):
        return plain
