"""`flowc package`: what goes to a container, as a list or as the file itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from ..compiler.given import Given
from .flow_file import FlowFile
from .given import given_options
from .output import complain, stop_at_faults, write
from .packaging import Package, build_package
from .settings import read_settings, setting
from .verb import Decorated, Family, Verb, color_option, flow_argument
from .wheels import PLATFORMS


@click.group("package", short_help="Show or save what a container gets.", cls=Family)
def command() -> None:
    """Show or save what a container gets: the flow, its modules and data files, and what runs them.

    The package holds all that a task needs in an image of nothing but Python, and the same files give the same bytes.
    """


def packing_options(function: Decorated) -> Decorated:
    """What decides about a package's content."""
    options: tuple[Callable[[Decorated], Decorated], ...] = (
        setting("include", "PATTERN", "Data files to take along, from the flow's folder: data/*.csv, models. May be repeated."),
        click.option(
            "--platform",
            "platforms",
            multiple=True,
            type=click.Choice(tuple(PLATFORMS)),
            default=("linux/amd64",),
            show_default=True,
            help="What containers run on. May be repeated.",
        ),
        click.option(
            "--dependencies/--no-dependencies",
            default=True,
            help="Take along what the runtime needs for object stores, or leave it to the image. [default: take it along]",
        ),
        given_options,
        color_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command(
    "list", short_help="Show what is in a flow's package.", cls=Verb, examples=("", "--include 'data/*.csv'", "--format json")
)
@flow_argument()
@packing_options
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True, help="How it is shown.")
def list_members(
    flow: FlowFile,
    form: str,
    include: tuple[str, ...],
    platforms: tuple[str, ...],
    dependencies: bool,
    given: Given,
) -> None:
    """Show what is in a flow's package, how large it is, and what brought it there."""
    package = _package(flow, include, platforms, dependencies, given, "json" if form == "json" else "full")
    write(_json(package) if form == "json" else _table(package), sys.stdout)


@command.command(
    "save", short_help="Write a flow's package into a file.", cls=Verb, examples=("", "-o sums.tar.gz --platform linux/arm64")
)
@flow_argument()
@packing_options
@click.option("-o", "--output", metavar="FILE", help="Where to write it. [default: the flow's name and .tar.gz, in this folder]")
def save(
    flow: FlowFile,
    output: str | None,
    include: tuple[str, ...],
    platforms: tuple[str, ...],
    dependencies: bool,
    given: Given,
) -> None:
    """Write a flow's package into a file, and print its path and its sha256."""
    from .writing import write_all

    package = _package(flow, include, platforms, dependencies, given, "full")
    path = Path(output or f"{package.flow}.tar.gz")
    if output is not None and (path.is_dir() or not path.name):
        raise click.UsageError(f"-o takes a file, and this is a folder: {output}", click.get_current_context())
    for written in write_all(path.parent, {path.name: package.data}):
        write(f"{written} {package.sha256}\n", sys.stdout)


def _package(
    flow: FlowFile,
    include: tuple[str, ...],
    platforms: tuple[str, ...],
    dependencies: bool,
    given: Given,
    form: str,
) -> Package:
    settings = read_settings(Path(flow.path).parent)
    compilation, data = flow.compile(given)
    stop_at_faults(compilation.diagnostics, compilation.sources, form)
    patterns = include or settings.get("include", ())
    assert isinstance(patterns, tuple), "settings are checked"
    package = build_package(compilation, flow, data, includes=patterns, platforms=platforms, dependencies=dependencies)
    if package.warning is not None:
        complain(f"flowc: {package.warning}")
    return package


def _table(package: Package) -> str:
    """The members, of wheels and of flowc itself only how many, for nobody reads two hundred lines for ten of interest."""
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    for one in package.members:
        parts = one.name.split("/")
        name = "flowc/" if parts[0] == "flowc" else "/".join([*parts[:4], ""]) if parts[0] == ".flowc" else one.name
        count, size = rows.get((name, one.why), (0, 0))
        rows[name, one.why] = count + 1, size + len(one.data)
    width = max(len(name) for name, _ in rows)
    lines = [
        f"{size:>12,}  {name:<{width}}  {why}" + (f", {count} files" if count > 1 else "")
        for (name, why), (count, size) in rows.items()
    ]
    total = sum(len(one.data) for one in package.members)
    lines += [f"{total:>12,}  bytes in {len(package.members)} files, {len(package.data):,} packed", package.key]
    return "".join(f"{line}\n" for line in lines)


def _json(package: Package) -> str:
    import json

    members = [{"name": one.name, "size": len(one.data), "why": one.why, "executable": one.executable} for one in package.members]
    document = {"flow": package.flow, "sha256": package.sha256, "key": package.key, "size": len(package.data), "members": members}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
