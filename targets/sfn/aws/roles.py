"""Roles: whether those that settings name are there and may be used, and what to do where AWS lets a service not use one.

Whoever deploys need not be allowed to look at roles: what cannot be seen is left to AWS, which then says so itself; of the roles
of tasks it does that only when the first one starts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from ...platform import PlatformError
from ..policies import Role
from .session import AwsError, Session

_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the attempts to use a role: AWS takes a while to tell all its services of a new one."""
_UNASSUMABLE: Final = ("to assume the", "cannot be assumed by")
"""What Step Functions and the Scheduler say, and what EventBridge says."""
_RULELESS: Final = "not authorized to create managed-rule"
"""What Step Functions says where its role may not make the rule of EventBridge that tells it when jobs are over.

https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""
_ROLE: Final = re.compile(r"arn:aws[\w-]*:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")

_T = TypeVar("_T")


class User(NamedTuple):
    """A service that takes a role on.

    Attributes:
        who: What people call it.
        principal: What a trust policy calls it.
        flag: The option that names the role.
    """

    who: str
    principal: str
    flag: str


MACHINE: Final = User("Step Functions", "states.amazonaws.com", "--sfn-role")
SCHEDULER: Final = User("EventBridge Scheduler", "scheduler.amazonaws.com", "--events-role")
EVENTS: Final = User("EventBridge", "events.amazonaws.com", "--events-role")


def insist(request: Callable[[], _T], role: str, user: User) -> _T:
    """Make a request that needs a role which may be new, again while AWS does not know it, or its policy, everywhere.

    Raises:
        PlatformError: AWS goes on saying that the role does not do; or it refuses the request for another reason.
    """
    for pause in (*_PAUSES, None):
        try:
            return request()
        except AwsError as error:
            if _RULELESS in error.said:
                why = (
                    f"the role {role} may not make the EventBridge rule by which {user.who} learns that jobs are over: it needs "
                    "the policy that `flowc compile -o DIR` writes to DIR/iam/state-machine-policy.json"
                )
            elif any(one in error.said for one in _UNASSUMABLE):
                why = (
                    f"{user.who} cannot use the role {role}: it does not exist, or its trust policy does not let "
                    f"{user.principal} take it on; correct that, or {user.flag}"
                )
            else:
                raise
            if pause is None:
                raise PlatformError(why, setup=True) from None
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def unusable_roles(session: Session, flags: Mapping[str, Role | None]) -> Iterator[str]:
    """Which of the roles that settings name cannot be used, as far as that can be seen.

    Args:
        flags: The roles, by the flags that name them.

    Raises:
        AwsError: There are no credentials.
    """
    seen: dict[str, dict[str, Any]] = {}
    visible = True
    for flag, role in flags.items():
        if role is None or not isinstance(role.arn, str) or (found := _ROLE.fullmatch(role.arn)) is None:
            continue
        if role.arn not in seen:
            seen[role.arn] = {}
            if found["account"] != session.account:
                yield (
                    f"{flag} names a role of the account {found['account']}; the credentials are of the account {session.account}"
                )
                continue
            try:
                if visible:
                    seen[role.arn] = session.ask("iam", "get_role", RoleName=found["name"])["Role"]
            except AwsError as error:
                visible = error.missing or error.denied  # from within a VPC there may be no way to IAM
                if error.missing:
                    yield f"there is no role {found['name']}: create it, or correct {flag}"
        lacking = _distrusted(role, seen[role.arn].get("AssumeRolePolicyDocument"))
        if lacking:
            yield (
                f"the trust policy of the role {found['name']} does not let {' and '.join(lacking)} take it on: add that, or "
                f"name another role by {flag}"
            )


def _distrusted(role: Role, trust: Any) -> list[str]:
    """The services that must take a role on, and that its trust policy does not name."""
    if not isinstance(trust, Mapping):
        return []
    trusted = {one for services in _services(trust) for one in services}
    kinds = {one.partition(".")[0] for one in trusted}  # a service may be named with its region, or its partition's domain
    wanted = [one for services in _services(role.trust) for one in services]
    return [] if "*" in trusted else [one for one in wanted if one.partition(".")[0] not in kinds]


def _services(trust: Mapping[str, Any]) -> Iterator[list[str]]:
    """The services that each statement of a trust policy allows."""
    statements = trust.get("Statement", ())
    for one in [statements] if isinstance(statements, Mapping) else statements:
        if one.get("Effect") != "Allow":
            continue
        who = one.get("Principal", {})
        services = who.get("Service", ()) if isinstance(who, Mapping) else "*"
        yield [services] if isinstance(services, str) else list(services)
