"""What is deployed: the version that new runs have, when the flow starts by itself, and where a browser shows it."""

from __future__ import annotations

from ...platform import Deployed
from ..deployment import schedule_name
from .machine import console_link, machine_arn, number_of, routes_of
from .session import AwsError, Session
from .starting import expression_of


def deployed(session: Session, name: str) -> Deployed | None:
    """The deployment of that name as it is, or None."""
    routes = routes_of(session, machine_arn(session, name))
    if not routes:
        return None
    version = max(routes, key=lambda one: one["weight"])["stateMachineVersionArn"]
    try:
        schedule = expression_of(session.ask("scheduler", "get_schedule", Name=schedule_name(name)))
    except AwsError as error:
        if not error.missing:
            raise
        schedule = None
    return Deployed(
        name=name, version=version, number=str(number_of(version)), schedule=schedule, link=console_link(session, name)
    )
