"""What is deployed: the version that new runs have, and where a browser shows it."""

from __future__ import annotations

from ...platform import Deployed
from .machine import console_link, machine_arn, number_of, routes_of
from .session import Session


def deployed(session: Session, name: str, starts: tuple[str, ...]) -> Deployed | None:
    """The deployment of that name as it is, or None.

    Args:
        starts: What it starts by itself on.
    """
    routes = routes_of(session, machine_arn(session, name))
    if not routes:
        return None
    version = max(routes, key=lambda one: one["weight"])["stateMachineVersionArn"]
    return Deployed(name=name, version=version, number=str(number_of(version)), starts=starts, link=console_link(session, name))
