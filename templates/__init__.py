"""Text that goes out verbatim, as Jinja2 templates. YAML and JSON are built as data instead, never pasted."""

from __future__ import annotations

from pathlib import Path


def render(name: str, **values: object) -> str:
    """The text of a template of this folder. A value that it asks for and is not given is an error."""
    # Jinja2 takes as long to import as everything else that a compile needs: only who renders pays for it.
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.from_string((Path(__file__).parent / name).read_text(encoding="utf-8")).render(values)
