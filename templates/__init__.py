"""Text that goes out verbatim, as Jinja2 templates. YAML and JSON are built as data instead, never pasted."""

from __future__ import annotations

import json
from pathlib import Path


def render(name: str, **values: object) -> str:
    """The text of a template of this folder. A value that it asks for and is not given is an error."""
    # Jinja2 takes as long to import as everything else that a compile needs: only who renders pays for it.
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.from_string((Path(__file__).parent / name).read_text(encoding="utf-8")).render(values)


def bootstrap_command(datastore: str) -> tuple[str, str, str]:
    """The command of a container that holds Python and nothing else, and finds its package in that datastore.

    Its last word is `bootstrap.py` without what other kinds of datastores need, packed: letters and digits in which nothing is
    that a platform or a shell would expand. `make golden` writes `bootstrap.json`.
    """
    texts: dict[str, str] = json.loads((Path(__file__).parent / "bootstrap.json").read_text(encoding="utf-8"))
    scheme = datastore.partition("://")[0]
    kind = "az" if scheme in ("azure", "abfs", "abfss") else scheme
    text = texts.get(kind, texts["s3"])  # a folder needs none of them
    return "python3", "-c", f'import binascii,zlib;exec(zlib.decompress(binascii.a2b_base64("{text}")))'
