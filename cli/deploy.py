"""`flowc deploy`: bring a flow to its platform, where it then runs without this machine."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from .changing import asked, carry_out, changing_options, name_of, refuse_branch
from .flow_file import FlowFile
from .looking import flow_or_name
from .output import Unusable, complain, stop_at_faults, write
from .package import packing_options
from .platforms import Place, said
from .targeting import (
    argo_url_option,
    context_option,
    options_of,
    refuse_options_of_others,
    settings_of,
    target_of,
    target_options,
)
from .uploading import DatastoreOf
from .verb import Verb, format_option, strict_option

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.ir.nodes import Flow
    from ..compiler.pipeline import Compilation
    from ..targets.options import Options
    from ..targets.platform import Deployed, Upload

BEFORE = "before"


@click.command(
    "deploy",
    short_help="Bring a flow to its platform.",
    cls=Verb,
    examples=(
        "--target argo --dry-run",
        "--target argo --datastore s3://bucket/flows --namespace flows --service-account runs --yes",
        "--target sfn --datastore s3://bucket/flows --batch-queue cpu --sfn-role arn:aws:iam::123456789012:role/flows --yes",
        "--target sfn --rollback",
    ),
)
@flow_or_name
@target_options
@context_option
@argo_url_option
@packing_options
@click.option(
    "--rollback",
    metavar="[VERSION]",
    is_flag=False,
    flag_value=BEFORE,
    help="sfn: instead, let new runs have an older version: this one, or the one before. FLOW may then be its name.",
)
@click.option("--overwrite", is_flag=True, help="Replace what somebody else has changed since the last deploy.")
@changing_options
@strict_option
@format_option
def command(
    flow: FlowFile | str | None,
    include: tuple[str, ...],
    platforms: tuple[str, ...],
    dependencies: bool,
    rollback: str | None,
    overwrite: bool,
    dry_run: bool,
    yes: bool,
    strict: bool,
    form: str,
    given: Given,
    **named: Any,
) -> None:
    """Bring the flow of a file to its platform: its package into the datastore, and all that runs it there.

    Shows what will change before it asks; what is as it should be stays as it is. Runs that are under way go on with the version
    that they began with. Prints what identifies the new version (on AWS its ARN, on Argo namespace/name@number) on standard
    output, and all else on standard error; with --dry-run what would change is what it prints. Endpoints and credentials are
    those that the platform's own tools take: AWS_PROFILE and AWS_REGION, KUBECONFIG.
    """
    file = _file(flow, rollback)
    settings = settings_of(file, named)
    target = target_of(settings)
    refuse_options_of_others(target)
    options = _of_user(options_of(settings, target))
    with asked():
        from ..targets.platform import load_platform

        platform = load_platform(target)
        if rollback is not None:
            there = platform(options)
            proposal = there.propose_rollback(name_of(there, file or str(flow), given), _number(rollback))
        else:
            assert file is not None
            compilation, data = file.compile(given)
            sound = _sound(compilation, target, options, form, strict=strict)
            refuse_branch(sound)
            upload = _upload(compilation, file, data, include or settings.get("include", ()), platforms, dependencies)
            if options.datastore is not None:
                upload = replace(upload, datastore=DatastoreOf(options.datastore))
            proposal = platform(options).propose_deploy(sound, upload, overwrite=overwrite)
    found = carry_out(proposal, dry_run=dry_run, yes=yes)
    if not proposal.changes:
        complain(f"flowc: {proposal.name} is deployed as it is: there is nothing to change")
    if found is not None and not dry_run:
        place = Place(**{one: named.get(one) for one in Place._fields if one != "datastore"}, datastore=None)
        _tell(found, shlex.join(["flowc", "trigger", str(flow), *said(place)]))


def _file(flow: FlowFile | str | None, rollback: str | None) -> FlowFile | None:
    """The file of the flow; None: it is named itself, which is enough for a rollback."""
    if flow is None:
        raise click.UsageError("which flow? Name its file", click.get_current_context())
    if isinstance(flow, FlowFile):
        return flow
    if rollback is None:
        raise Unusable(f"there is no file {flow}: deploy takes the flow's file")
    return None


def _of_user(options: Options) -> Options:
    """The same, with the user whose branch of a project it is where nobody says which."""
    from ..runtime.language.current import user_name

    return replace(options, user=options.user or user_name())


def _sound(compilation: Compilation, target: str, options: Options, form: str, *, strict: bool) -> Flow:
    """The flow, if neither it nor what the target makes of it has faults; else they are shown, and the verb ends."""
    from ..compiler.diagnostics.ignores import silence
    from ..compiler.diagnostics.model import Report
    from ..targets import load

    report = Report(list(compilation.diagnostics))
    if compilation.flow is not None:
        load(target)(compilation.flow, options, report)
    found = silence(report.sorted(), compilation.sources)
    stop_at_faults(found, {**compilation.sources, **options.sources()}, form, strict=strict)
    assert compilation.flow is not None, "no flow, and no error that says why"
    return compilation.flow


def _upload(
    compilation: Compilation,
    flow: FlowFile,
    data: bytes,
    includes: tuple[str, ...],
    platforms: tuple[str, ...],
    dependencies: bool,
) -> Upload:
    from ..compiler.plan import plan_text
    from ..runtime.contract import plan_key
    from ..targets.platform import Upload
    from .packaging import build_package

    assert compilation.flow is not None
    package = build_package(compilation, flow, data, includes=includes, platforms=platforms, dependencies=dependencies)
    if package.warning is not None:
        complain(f"flowc: {package.warning}")
    return Upload(
        flowc=__version__,
        package=package.data,
        package_key=package.key,
        plan=plan_text(compilation.flow),
        plan_key=plan_key(package.key),
    )


def _number(version: str) -> int | None:
    if version != BEFORE and not (version.isascii() and version.isdigit()):
        raise Unusable(f"--rollback takes the number of a version, or nothing for the one before, and not {version!r}")
    return None if version == BEFORE else int(version)


def _tell(found: Deployed, trigger: str) -> None:
    complain(f"flowc: new runs of {found.name} have version {found.number}")
    for number, start in enumerate(found.starts):
        complain(f"  {'starts' if not number else '':8} {'on ' if start.startswith('the ') else ''}{start}")
    if found.link:
        complain(f"  look     {found.link}")
    complain(f"  run it   {trigger}")
    write(f"{found.version}\n", sys.stdout)
