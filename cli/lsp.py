"""`flowc lsp`: the language server, which an editor starts and talks to over standard input and output."""

from __future__ import annotations

import sys

import click

from .output import FAULTS, Unusable
from .verb import Verb


@click.command("lsp", short_help="Serve an editor over standard input and output.", cls=Verb, examples=("",))
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, as it does anyway; some editors say so.")
def command(stdio: bool) -> None:
    """Serve an editor: faults while you write, quick fixes, definitions, references, hover, outline.

    An editor starts this itself; the README says how to tell it so. Needs pygls: pip install 'flowc[lsp]', or
    '.[lsp]' in flowc's own folder.
    """
    if sys.stdin.isatty():
        raise Unusable("an editor starts `flowc lsp` and talks to it over standard input; nobody does by hand")
    try:
        from .language_server.server import serve
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol", "attrs", "cattrs"):
            raise
        raise Unusable("`flowc lsp` needs pygls: pip install 'flowc[lsp]', or '.[lsp]' in flowc's own folder") from None
    if not serve():
        raise click.exceptions.Exit(FAULTS)
