"""Where the tasks of a run go whose steps have `@batch` or `@kubernetes`: what `flowc run` makes of these and of its options.

Settings of jobs are those of deployed flows, with one difference: where nothing names an image it is that of the Python that runs
here, since what a task here has pickled, one there reads, and the other way round.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .given import WITH
from .output import Unusable, complain, stop_at_faults

if TYPE_CHECKING:
    from ..compiler.ir.nodes import Decorator, Flow
    from ..compiler.pipeline import Compilation
    from ..runtime.compute import Elsewhere, Prepare
    from .flow_file import FlowFile
    from .packaging import Package

TARGETS: Final = {"batch": "sfn", "kubernetes": "argo"}
"""By the decorator that sends a step away: the target whose settings its platform takes."""
REACHED: Final = {"batch": ("s3://",), "kubernetes": ("s3://", "az://", "gs://")}
"""How the datastores begin that tasks reach there."""


def elsewhere_of(
    flow: FlowFile, compilation: Compilation, place: str, given: Mapping[str, Any], form: str, *, quiet: bool
) -> Elsewhere | None:
    """What runs elsewhere of a sound flow; None: nothing. Touches nothing but the flow's files; the run's helper does the rest.

    Args:
        place: The URL of the datastore, or its folder.
        given: The settings that the command line or variables give.
        form: How faults are shown.
        quiet: Whether judgements are kept back.

    Raises:
        Unusable: A step cannot be sent anywhere, or a setting makes no sense.
        Exit: A platform does not have what a step asks for, which is shown.
    """
    sound = compilation.flow
    assert sound is not None, "only a sound flow is run"
    sent = _sent(sound)
    if not sent:
        return None
    steps = {step: decorator.name for step, decorator in sent.items()}
    from ..compiler.diagnostics.ignores import silence
    from ..compiler.diagnostics.model import Report, Severity
    from ..runtime.compute import Elsewhere
    from ..runtime.contract import BRANCH, PRODUCTION
    from ..runtime.language.current import user_name
    from ..targets.compute import Work, load_compute
    from .targeting import options_of, settings_of

    settings = {"image": f"python:{sys.version_info.major}.{sys.version_info.minor}"} | settings_of(flow, given)
    settings |= {"branch": os.environ.get(BRANCH), "production": bool(os.environ.get(PRODUCTION))}  # as what runs here is told
    report, computes = Report(), {}
    for name in dict.fromkeys(steps.values()):
        mine = [step for step, where in steps.items() if where == name]
        if not place.startswith(REACHED[name]):
            raise Unusable(_unreachable(mine[0], sent[mine[0]], place))
        computes[name] = computing = load_compute(name)(options_of(settings | {"datastore": place}, TARGETS[name]))
        computing.check(sound, mine, report)
    found = silence(report.sorted(), compilation.sources)
    stop_at_faults(tuple(one for one in found if not quiet or one.rule.severity is Severity.ERROR), compilation.sources, form)
    package, upload = _package(flow, compilation, place, settings)
    platforms: dict[str, Prepare] = {}
    for name, computing in computes.items():
        mine = [step for step, where in steps.items() if where == name]
        work = Work(flow=sound, steps=mine, user=user_name(), package_key=package.key, upload=upload)
        platforms[name] = partial(computing.prepare, work)
    return Elsewhere(platforms, steps)


def _sent(flow: Flow) -> dict[str, Decorator]:
    """By step the decorator that sends its tasks away.

    Raises:
        Unusable: A step has both.
    """
    found = {}
    for step in flow.steps:
        asked = [one for one in step.decorators if one.name in TARGETS]
        if len(asked) > 1:
            raise Unusable(
                f"{asked[1].span}: step `{step.name}` has @{asked[0].name} and @{asked[1].name}, and a run from here can send it "
                f"to one of them: {_back(asked[0])}, or {_back(asked[1])}"
            )
        if asked:
            found[step.name] = asked[0]
    return found


def _back(decorator: Decorator) -> str:
    """How a step's tasks are had back from where a decorator sends them."""
    typed = decorator.span.path == WITH
    return f"leave out {WITH} {decorator.name}" if typed else f"say --without {decorator.name}"


def _package(
    flow: FlowFile, compilation: Compilation, place: str, settings: Mapping[str, Any]
) -> tuple[Package, Callable[[], None]]:
    """The flow's package, and what uploads it unless it is there."""
    from .packaging import build_package
    from .uploading import DatastoreOf

    package = build_package(compilation, flow, flow.read(), includes=settings.get("include", ()))
    if package.warning is not None:
        complain(f"flowc: {package.warning}")
    datastore = DatastoreOf(place)

    def upload() -> None:
        if not datastore.has(package.key):
            datastore.put(package.key, package.data)

    return package, upload


def _unreachable(step: str, sends: Decorator, place: str) -> str:
    there = {"batch": "AWS Batch, which reaches S3 only", "kubernetes": "a Kubernetes cluster"}[sends.name]
    return (
        f"the tasks of step `{step}` run on {there}, and cannot reach the datastore {place}: say --datastore "
        f"s3://bucket/prefix (FLOWC_DATASTORE, or datastore in flowc.toml); to run them here, {_back(sends)}"
    )
