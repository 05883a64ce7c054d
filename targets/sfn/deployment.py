"""All that a deployment of a flow is on AWS, as data: what `compile -o` writes as documents, and `deploy` sends.

What is not known yet stands in it as symbols (`symbols.py`): what only the account knows, and roles, a bucket, a queue that were
not given. `filled` gives a deployment with values for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...compiler.limits import Usage
from ...runtime import contract
from ..names import Names, spell_dotted, spell_word
from ..options import Options
from ..project import Project, project_of
from . import policies
from .events import EVENT, FINISH, EventRule, event_pattern, finish_pattern
from .jobs import FLOW_TAG, Jobs, tag_value
from .limits import measure
from .lower import lower
from .maps import choose_maps
from .policies import Role
from .schedule import schedule_of, schedule_request
from .serialise import to_text
from .symbols import BUCKET, EVENTS_ROLE, EXECUTION_ROLE, JOB_ROLE, MACHINE_ROLE, QUEUE, REGION, Symbol, Text, arn, fill, text

_MACHINE_NAME: Final = 80
"""Characters of a state machine's name."""
_EVENTS_NAME: Final = 64
"""Characters of the name of a schedule, and of a rule."""
ALIAS: Final = "live"
"""The alias of the machine's version that schedules, events and `flowc trigger` start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A flow on AWS. Its data may hold symbols; `filled` gives one without.

    Attributes:
        name: The state machine's name, of which one account has one for each flow and branch of its project.
        flow: The flow's name.
        definition: The state machine.
        text: That as it is sent. What was not given stands in it as the placeholders of `options.PLACEHOLDERS`.
        machine: The request of `states:CreateStateMachine` but for its definition: name, type, role, tags.
        jobs: The requests of `batch:RegisterJobDefinition`, or of `ecs:RegisterTaskDefinition` where `ecs`.
        ecs: Whether tasks are run by ECS itself.
        queues: The Batch queues (names or ARNs) that jobs go to.
        schedule: The request of `scheduler:CreateSchedule`, or None. It has no tags.
        rules: One for each event or flow that starts the machine.
        machine_role: The state machine's role.
        job_role: The role of what runs the user's code.
        execution_role: The role that starts containers; None where nothing needs one.
        events_role: The role by which schedules and rules start the machine; None where there are none.
        tags: What all that is made for this deployment is tagged with.
        usages: What all this takes of the platforms' limits.
    """

    name: str
    flow: str
    definition: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    machine: dict[str, Any] = field(repr=False)
    jobs: tuple[dict[str, Any], ...] = field(repr=False)
    ecs: bool
    queues: tuple[str | Symbol, ...]
    schedule: dict[str, Any] | None = field(repr=False)
    rules: tuple[EventRule, ...] = field(repr=False)
    machine_role: Role
    job_role: Role
    execution_role: Role | None
    events_role: Role | None
    tags: tuple[tuple[str, str], ...]
    usages: tuple[Usage, ...] = field(repr=False)

    def filled(self, values: Mapping[str, str]) -> Deployment:
        """The same with values for symbols, by name: `AWS::Partition`, `AWS::Region`, `AWS::AccountId`. Where all settings were
        given, its requests and policies then are what AWS takes."""

        def whole(role: Role | None) -> Role | None:
            if role is None:
                return None
            return replace(role, arn=fill(role.arn, values), trust=fill(role.trust, values), policy=fill(role.policy, values))

        machine_role, job_role = whole(self.machine_role), whole(self.job_role)
        assert machine_role is not None
        assert job_role is not None
        return replace(
            self,
            machine=fill(self.machine, values),
            jobs=tuple(fill(self.jobs, values)),
            queues=tuple(fill(self.queues, values)),
            schedule=fill(self.schedule, values),
            rules=tuple(
                replace(one, **{name: fill(getattr(one, name), values) for name in ("pattern", "target", "role")})
                for one in self.rules
            ),
            machine_role=machine_role,
            job_role=job_role,
            execution_role=whole(self.execution_role),
            events_role=whole(self.events_role),
        )


def deployment_of(flow: Flow, options: Options, report: Report) -> Deployment:
    """What a flow becomes with these options; faults are added to the report."""
    jobs = Jobs(flow, options, report)
    maps = choose_maps(flow, jobs.settings, options.max_workers)
    definition = lower(flow, jobs, options, maps)
    written = to_text(definition)
    project, name = project_of(flow, options), name_of(flow, options)
    tags = {FLOW_TAG: flow.name}
    if project:
        tags |= {"flowc:project": project.name, "flowc:branch": tag_value(project.branch)}
    requests = tuple(_with_symbols(one, options) for one in jobs.definitions())
    queues = tuple(dict.fromkeys(jobs.queue_of(step.name) for step in flow.steps))
    job_role, execution_role = options.job_role or JOB_ROLE, options.execution_role or EXECUTION_ROLE
    task_roles = tuple(dict.fromkeys(role for one in requests for role in _roles(one, options)))
    machine_role = Role(
        arn=options.sfn_role or MACHINE_ROLE,
        trust=policies.machine_trust(name),
        policy=policies.machine_policy(flow, definition, name, requests, queues, task_roles, options),
    )
    alias = arn("states", f"stateMachine:{name}:{ALIAS}")
    events_role = options.events_role or options.sfn_role or EVENTS_ROLE
    when = schedule_of(flow, report)
    rules = tuple(_rules(flow, options, project, name, alias, events_role, tuple(tags.items()), report))
    started = Role(
        arn=events_role,
        trust=policies.events_trust(schedule=when is not None, rules=bool(rules)),
        # Starting an alias is allowed by the machine's own name.
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        policy=policies.events_policy(arn("states", f"stateMachine:{name}")),
    )
    starter = Role(arn=execution_role, trust=policies.task_trust(), policy=None, managed=policies.EXECUTION_POLICIES)
    return Deployment(
        name=name,
        flow=flow.name,
        definition=definition,
        text=written,
        machine={
            "name": name,
            "type": "STANDARD",
            "roleArn": machine_role.arn,
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        },
        jobs=requests,
        ecs=options.compute.startswith("ecs"),
        queues=tuple(QUEUE if one == str(QUEUE) else one for one in queues),
        schedule=schedule_request(schedule_name(name), mark_of(flow.name), when, alias, events_role) if when else None,
        rules=rules,
        machine_role=machine_role,
        job_role=Role(arn=job_role, trust=policies.task_trust(), policy=policies.job_policy(flow, options)),
        execution_role=starter if execution_role in task_roles else None,
        events_role=started if when or rules else None,
        tags=tuple(tags.items()),
        usages=measure(flow, definition, written, jobs.first_uses(), jobs.settings, maps),
    )


def name_of(flow: Flow, options: Options) -> str:
    """The name of a flow's state machine."""
    project = project_of(flow, options)
    return machine_name(project.name_of(flow.name) if project else flow.name)


def machine_name(whole: str) -> str:
    """The name of the state machine of a flow, by its whole name: `Sum`, `sums.prod.Sum`."""
    return Names(_MACHINE_NAME, spell_dotted).of(whole)


def schedule_name(machine: str) -> str:
    """The name of a machine's schedule."""
    return f"flowc-{_stem(machine)}"


def rule_name(machine: str, kind: str) -> str:
    """The name of one of a machine's rules: `events.EVENT`, `events.FINISH`."""
    return f"flowc-{_stem(machine)}-{kind}"


def mark_of(flow: str) -> str:
    """How the description of a schedule or a rule says whose it is, to people."""
    return f"{flow}, by flowc"


def _stem(machine: str) -> str:
    return Names(_EVENTS_NAME - len(f"flowc--{FINISH}"), spell_word).of(machine)


def _rules(
    flow: Flow,
    options: Options,
    project: Project | None,
    name: str,
    alias: Text,
    role: str | Symbol,
    tags: tuple[tuple[str, str], ...],
    report: Report,
) -> Iterator[EventRule]:
    # Step Functions says what becomes of executions on the default bus only.
    found = (
        (EVENT, options.event_bus, event_pattern(flow, report)),
        (FINISH, None, finish_pattern(flow, project, machine_name, report)),
    )
    for kind, bus, pattern in found:
        if pattern is not None:
            yield EventRule(
                name=rule_name(name, kind),
                bus=bus,
                description=mark_of(flow.name),
                pattern=pattern,
                target=alias,
                role=role,
                tags=tags,
            )


_SYMBOLS: Final = {"jobRoleArn": JOB_ROLE, "taskRoleArn": JOB_ROLE, "executionRoleArn": EXECUTION_ROLE, "awslogs-region": REGION}
"""Fields of a job's definition that may hold a placeholder, and what it then stands for."""


def _with_symbols(data: Any, options: Options) -> Any:
    """A job's definition with symbols for its placeholders, which stand in fields of flowc's own only."""
    if isinstance(data, dict):
        if data.get("name") == contract.DATASTORE and data.get("value") == options.datastore_url != options.datastore:
            return {**data, "value": text("s3://", BUCKET)}
        return {
            key: _SYMBOLS[key] if key in _SYMBOLS and value == str(_SYMBOLS[key]) else _with_symbols(value, options)
            for key, value in data.items()
        }
    return [_with_symbols(one, options) for one in data] if isinstance(data, list) else data


def _roles(request: Mapping[str, Any], options: Options) -> Iterator[str | Symbol]:
    """The roles that a job runs with, and is started by."""
    properties = request.get("containerProperties", request)
    yield properties.get("jobRoleArn") or properties.get("taskRoleArn") or options.job_role or JOB_ROLE
    if "executionRoleArn" in properties:
        yield properties["executionRoleArn"]
