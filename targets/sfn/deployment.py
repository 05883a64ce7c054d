"""All that a deployment of a flow is on AWS, as data: what `compile -o` writes as documents, and `deploy` sends.

What only the account knows stands in it as CloudFormation would write it: `${AWS::Partition}`, `${AWS::Region}`,
`${AWS::AccountId}`; what was not given, as the placeholders of `options.PLACEHOLDERS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...compiler.limits import Usage
from ..names import Names, spell_word
from ..options import Options
from .jobs import Jobs
from .limits import measure
from .lower import lower
from .maps import choose_maps
from .serialise import to_text

MACHINE_NAME = 80
"""Characters of a state machine's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A flow on AWS.

    Attributes:
        name: The state machine's name, of which one account has one for each flow and branch of its project.
        definition: The state machine.
        text: That as it is sent.
        jobs: The requests of `batch:RegisterJobDefinition`, or of `ecs:RegisterTaskDefinition`.
        usages: What all this takes of the platforms' limits.
    """

    name: str
    definition: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    jobs: tuple[dict[str, Any], ...] = field(repr=False)
    usages: tuple[Usage, ...] = field(repr=False)


def deployment_of(flow: Flow, options: Options, report: Report) -> Deployment:
    """What a flow becomes with these options; faults are added to the report."""
    jobs = Jobs(flow, options, report)
    maps = choose_maps(flow, jobs.settings, options.max_workers)
    definition = lower(flow, jobs, options, maps)
    text = to_text(definition)
    return Deployment(
        name=Names(MACHINE_NAME, spell_word).of(flow.name),
        definition=definition,
        text=text,
        jobs=tuple(jobs.definitions()),
        usages=measure(flow, definition, text, jobs.first_uses(), jobs.settings, maps),
    )
