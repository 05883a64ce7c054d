"""`flowc compile`: print a platform's documents for a flow, or write all that an image and a platform need into a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from ..compiler.diagnostics.model import Report
from ..compiler.given import Given
from ..compiler.ir.nodes import Flow
from ..compiler.plan import plan_text
from ..compiler.source import Source
from ..targets import Document, load, printed
from ..targets.options import DEFAULT_IMAGE, PACKAGE, PLACEHOLDERS, Options
from .flow_file import FlowFile
from .given import given_options
from .output import FAULTS, Unusable, complain, stop_at_faults, write
from .settings import setting
from .stats import stats_option, write_stats
from .targeting import options_of, refuse_options_of_others, settings_of, target_of, target_options
from .verb import Verb, color_option, flow_argument, format_option, strict_option

_SOMETIMES: Final = (
    "cron-workflow.yaml",
    "event-source.yaml",
    "sensor.yaml",
    *(f"{whose}{what}.yaml" for whose in ("", "events-") for what in ("service-account", "role", "role-binding")),
    "schedule.json",
    "events.json",
    "cloudformation.json",
    "iam/execution-trust.json",
    "iam/events-policy.json",
    "iam/events-trust.json",
)
"""Documents that only some flows have, and that whoever applies what is in a folder would take for this one's."""


@click.command(
    "compile",
    cls=Verb,
    examples=(
        "--target argo --image sums:1 --datastore s3://bucket/flows | kubectl apply -f -",
        "--target sfn --batch-queue cpu --datastore s3://bucket/flows",
        "--target argo --image sums:1 --datastore s3://bucket/flows -o build/",
        "--target argo --image sums:1 --datastore s3://bucket/flows --with-rbac --check deploy/sums.yaml",
    ),
)
@flow_argument()
@target_options
@click.option("-o", "--output", metavar="DIR/", help="Write everything into this folder: documents, plan, flow and Dockerfile.")
@click.option(
    "--check", "compared", metavar="FILE", help="Compare with this file: show the difference, and exit with 1 if there is one."
)
@setting("base-image", "IMAGE", f"What the Dockerfile written by -o starts from. [default: {DEFAULT_IMAGE}]")
@given_options
@strict_option
@stats_option
@format_option
@color_option
def command(
    flow: FlowFile,
    output: str | None,
    compared: str | None,
    strict: bool,
    stats: bool,
    form: str,
    given: Given,
    **named: Any,
) -> None:
    """Compile a flow for a platform.

    Needs no network, no credentials and none of the flow's own packages, and the same input gives the same bytes. Without
    -o the first document goes to standard output; for Argo, all of them do. Options left open are taken from FLOWC_*
    variables, then from [tool.flowc] in pyproject.toml or from flowc.toml, in the flow's folder or above it.
    """
    settings = settings_of(flow, named)
    target = target_of(settings)
    refuse_options_of_others(target)
    options = options_of(settings, target)
    folder = _folder(output)
    if compared is not None and not compared.strip():
        raise Unusable("--check is empty: name the file to compare with")
    if folder is not None and compared is not None:
        raise Unusable("--check writes nothing, so that -o cannot be said with it")

    compilation, data = flow.compile(given)
    sources = compilation.sources
    report = Report(list(compilation.diagnostics))
    if compilation.flow is None:
        stop_at_faults(compilation.diagnostics, sources, form)
        raise AssertionError("no flow, and no error that says why")
    documents = load(target)(compilation.flow, options, report)
    if found := report.sorted():
        from ..compiler.diagnostics.ignores import silence

        stop_at_faults(silence(found, sources), {**sources, **options.sources()}, form, strict=strict)
    _demand_branch(compilation.flow, options)
    # The templates that come after these take what is not given as parameters.
    plain = [printed(documents), documents[1].text if target == "sfn" else ""]
    for placeholder, flag in PLACEHOLDERS.items():
        if any(placeholder in text for text in plain):
            complain(f"flowc: {flag} is not given: {placeholder} stands for it in the document")
    if PACKAGE in plain[0]:
        complain(
            f"flowc: {PACKAGE} stands in the document for where tasks find the flow: `image`, if their image holds it, or the "
            "key of a package in the datastore"
        )
    if options.datastore is not None and options.datastore.startswith("/"):
        # flowc mounts nothing: whoever deploys the document may add a volume.
        complain(f"flowc: --datastore is a path: pods reach {options.datastore} only where a volume they share is mounted there")
    if "image" not in settings and any(DEFAULT_IMAGE in document.text for document in documents):
        complain(
            f"flowc: --image is not given: {DEFAULT_IMAGE} stands there, without the flow; -o writes a Dockerfile for one with it"
        )
    for image, step in _own_images(compilation.flow).items() if target == "argo" else ():
        complain(
            f"flowc: step `{step}` runs in {image}, which must hold the flow and flowc too; `flowc deploy` needs no such image"
        )

    differs = False
    if compared is not None:
        from .comparing import compare

        differs = compare(plain[0], Path(compared))
    elif folder is None:
        # As bytes: a document is UTF-8, whatever the terminal is.
        write(plain[0].encode(), sys.stdout)
    else:
        image = str(settings.get("base-image", DEFAULT_IMAGE))
        object_store = options.datastore is None or "://" in options.datastore
        _write_folder(folder, flow, compilation.flow, compilation.source, data, documents, image, object_store=object_store)
        _tell_of_limits(documents)
    if stats:
        write_stats(compilation.flow, {target: [usage for one in documents for usage in one.usages]})
    if differs:
        raise click.exceptions.Exit(FAULTS)


def _own_images(flow: Flow) -> dict[str, str]:
    """The images that `@kubernetes` names, each with the first step that does."""
    from ..targets.settings import arguments_of

    first: dict[str, str] = {}
    for step in flow.steps:
        if image := arguments_of(step, "kubernetes").get("image"):
            first.setdefault(str(image), step.name)
    return first


def _demand_branch(flow: Flow, options: Options) -> None:
    """Make sure that something says of which branch of a project the documents are: never who compiles.

    Raises:
        Unusable: Nothing does, or something does of a flow without a project.
    """
    from ..targets.project import project_of
    from .changing import refuse_branch

    refuse_branch(flow)
    project = project_of(flow, options)
    if project is not None and not project.known:
        raise Unusable(
            f"{flow.name} is deployed for each branch of the project {project.name} apart, and nothing says for which: "
            "say --branch NAME or --production"
        )


def _write_folder(
    folder: Path,
    file: FlowFile,
    flow: Flow,
    source: Source,
    data: bytes,
    documents: tuple[Document, ...],
    base_image: str,
    *,
    object_store: bool,
) -> None:
    from .build_context import build_context, refuse_to_replace
    from .writing import write_all

    own = {flow.file: data, **file.modules(source)}
    home = Path(file.path).parent
    copies = {name for name in own if not _same(folder / name, home / name)}
    files = build_context(documents, plan_text(flow), own, base_image, copies=copies, object_store=object_store)
    refuse_to_replace(folder, files, own)
    for path in write_all(folder, files):
        complain(f"wrote {path}")
    for name in _SOMETIMES:
        if name not in files and (folder / name).is_file():
            complain(f"flowc: {folder / name} is not of this compile: if an earlier one wrote it, delete it")


def _tell_of_limits(documents: tuple[Document, ...]) -> None:
    """Say of what is past a limit that it cannot be applied. Where there is no other way to deploy the flow, that is a fault."""
    for document in documents:
        for one in document.usages:
            if one.over and one.certain:
                complain(
                    f"flowc: {document.name} cannot be applied: {one.used:,} of at most {one.limit:,} {one.what}; {one.remedy}"
                )


def _same(one: Path, other: Path) -> bool:
    """Whether a file is the very one that it would be copied from."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _folder(output: str | None) -> Path | None:
    if output is None:
        return None
    if not output.strip():
        raise Unusable("-o is empty: name a folder, such as -o build/, or -o . for the current one")
    if output == "-":
        raise Unusable("-o takes a folder; without -o the document goes to standard output")
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise Unusable(f"-o takes a folder, and this is a file: {output}")
    if not folder.exists() and folder.suffix in {".yaml", ".yml", ".json"} and not output.endswith(("/", "\\")):
        raise Unusable(f"-o takes a folder; for one document: … > {output}")
    return folder
