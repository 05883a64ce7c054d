"""What a cluster refuses, or that it cannot be asked, as sentences for the user.

The API server answers with a `Status`: a reason, a message, and causes by field. What it says of permissions names who asks, for
what, and where; that is all that one needs so as to grant it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ...platform import PlatformError
from .kinds import EVENTS, Kind, kind_at

_FORBIDDEN: Final = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_QUOTA: Final = re.compile(r"exceeded quota: (.+?), requested: (.+?), used: (.+?), limited: (\S+)")
_MANAGER: Final = re.compile(r'conflict with "(?P<manager>[^"]+)"')
_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NOT_SERVED: Final = "404 page not found"
"""What an API server answers, in plain text, about kinds that it does not know."""
BUSY: Final = (429, 502, 503, 504)
"""The status of an answer to what may be asked again."""
_TOO_LARGE: Final = "request is too large"
"""What etcd says of an object."""
_SHOWN: Final = 5
"""Causes that are told, of many."""


class ClusterError(PlatformError):
    """What a cluster refuses, or that it cannot be asked.

    Attributes:
        status: The HTTP status; 0: there was no answer.
        reason: Kubernetes's word for it, such as `NotFound`; empty where it has none.
        said: What it says itself.
        managers: Who else has set the fields that were to be set, with the fields, where that is why.
        passing: Whether the same request may succeed later on, though nobody does anything about it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        said: str = "",
        managers: Mapping[str, tuple[str, ...]] | None = None,
        setup: bool = False,
        passing: bool = False,
    ) -> None:
        super().__init__(message, setup=setup)
        self.status = status
        self.reason = reason
        self.said = said
        self.managers = managers or {}
        self.passing = passing

    @property
    def mends(self) -> bool:
        """Whether the same request may succeed later on: by itself, or when somebody has logged in again."""
        return self.passing

    @property
    def missing(self) -> bool:
        """Whether the object that was asked for is not there, though there may be such objects."""
        return self.reason == "NotFound"

    @property
    def unknown(self) -> bool:
        """Whether the cluster does not know objects of this kind at all."""
        return self.status == 404 and not self.missing

    @property
    def denied(self) -> bool:
        """Whether a permission is missing."""
        return self.status == 403

    @property
    def quota(self) -> str:
        """Which quota of the namespace leaves no room for what was asked; empty: that is not why it was refused."""
        found = _QUOTA.search(self.said) if self.denied else None
        return f"of its quota {found[1]}, {found[4]}, {found[3]} is used, and {found[2]} is asked for" if found else ""

    @property
    def conflict(self) -> bool:
        """Whether something else was there before, or has changed it in the meantime."""
        return self.status == 409


class CredentialsError(ClusterError):
    """Who asks is not known: the credentials are missing, wrong or expired. Another login may mend that while flowc goes on."""

    @property
    def mends(self) -> bool:
        """It does."""
        return True


def refused(status: int, text: str, *, method: str, path: str, of: str, server: str) -> ClusterError:
    """What the API server answered.

    Args:
        text: The answer's body.
        method: What it was asked.
        path: About what.
        of: Whose credentials those are: ` of the context kind`.
        server: Its address.
    """
    answer = _status_of(text)
    reason, said = str(answer.get("reason") or ""), one_line(str(answer.get("message") or "") or text[:500])
    details: Mapping[str, Any] = answer.get("details") or {}
    causes: list[Mapping[str, Any]] = list(details.get("causes") or ())
    kind = kind_at(path)
    managers = _managers(causes) if status == 409 else {}

    def made(message: str, *, setup: bool = False) -> ClusterError:
        kind_of_error = CredentialsError if status == 401 else ClusterError
        passing = status in BUSY or (status >= 500 and _TOO_LARGE not in said)
        return kind_of_error(message, status=status, reason=reason, said=said, managers=managers, setup=setup, passing=passing)

    if not answer and status not in (401, 403, 413, *BUSY) and text.strip() != _NOT_SERVED:
        return made(f"{server} is no API server of Kubernetes: it answers with {status}, and not as one does", setup=True)
    match status:
        case 401:
            return made(f"the cluster does not accept the credentials{of}: they are wrong or expired: log in again", setup=True)
        case 403:
            return made(_forbidden(said, method, kind, path, of), setup=True)
        case 404 if not answer:
            return made(_not_installed(kind, server), setup=True)
        case 404 if details.get("kind") == "namespaces":
            name = details.get("name")
            return made(
                f"there is no namespace {name}: create it (`kubectl create namespace {name}`), or correct --namespace",
                setup=True,
            )
        case 404:
            return made(f"there is no such object: {said}")
        case 409 if managers:
            return made(f"others have set fields that flowc would set: {told(managers)}", setup=True)
        case 409:
            return made(f"the cluster refuses {_action(method, kind)}: {said}")
        case 413:
            return made(f"{_thing(kind)} is larger than the cluster takes: {said}")
        case _ if status in BUSY:
            return made(f"the cluster has no time {_action(method, kind)} ({status} {reason or said}): try again in a minute")
    if status == 500 and said.startswith("failed to create typed patch object"):  # which has no reason of its own
        wrong = said.partition("): ")[2] or said
        older = " (is it older than 3.6?)" if "not declared" in wrong else ""
        return made(f"this cluster's Argo does not take {_thing(kind)}: {wrong}{older}")
    if status >= 500:
        return made(f"the cluster failed {_action(method, kind)} ({status}): {said}")
    if causes:
        lines = [f"{one.get('field') or 'the object'}: {one_line(str(one.get('message')))}" for one in causes[:_SHOWN]]
        more = f", and {len(causes) - _SHOWN} more" if causes[_SHOWN:] else ""
        return made(f"the cluster refuses {_thing(kind)}: {'; '.join(lines)}{more}")
    return made(f"the cluster refuses {_action(method, kind)} ({reason or status}): {said or 'it does not say why'}")


def unasked(error: Exception, server: str) -> ClusterError:
    """Why a cluster could not be asked, of what urllib3 raises before there is an answer."""
    name, said = type(error).__name__, one_line(str(error)).rstrip(".")
    said = re.sub(r"^<?[\w.]*(?:object|Connection\w*|HTTPS?\w*)[^:]*>?: ", "", said)
    match name:
        case "SSLError":
            if "CERTIFICATE_VERIFY_FAILED" in said:
                why = "its certificate is not trusted (certificate-authority-data in kubeconfig)"
                return ClusterError(f"the cluster cannot be asked at {server}: {why}", said=said, setup=True)
            why = f"no encrypted connection: {said}"
            return ClusterError(f"the cluster cannot be asked at {server}: {why}", said=said, setup=True, passing=True)
        case "ConnectTimeoutError" | "ReadTimeoutError":
            why = "see to the network, a VPN, or KUBECONFIG"
            return ClusterError(f"the cluster does not answer at {server}: {why}", said=said, passing=True)
        case "NameResolutionError":
            why = "there is no host of that name"
            return ClusterError(f"the cluster cannot be reached at {server}: {why}", said=said, setup=True, passing=True)
        case "LocationParseError" | "LocationValueError" | "URLSchemeUnknown":
            return ClusterError(f"kubeconfig's server {server!r} is no address: {said}", said=said, setup=True)
        case "ProxyError":
            cause = re.sub(r"^[^:]*: |\W+$", "", said.partition("Error(")[2])
            why = f"the proxy of HTTPS_PROXY or HTTP_PROXY: {cause or said}"
            return ClusterError(f"the cluster cannot be reached at {server} through {why}", said=said, setup=True, passing=True)
        case _:
            return ClusterError(f"the cluster cannot be reached at {server}: {said}", said=said, passing=True)


def told(managers: Mapping[str, tuple[str, ...]]) -> str:
    """Who has set which fields: `kubectl-edit (.spec.templates, .spec.entrypoint)`."""
    return "; ".join(
        f"{one} ({', '.join(fields[:_SHOWN])}{f' and {len(fields) - _SHOWN} more' if fields[_SHOWN:] else ''})"
        for one, fields in managers.items()
    )


def one_line(text: str) -> str:
    """Text without line breaks."""
    return " ".join(text.split())


def _status_of(text: str) -> dict[str, Any]:
    """The `Status` of an answer; empty where it is none: a path that nobody serves has an answer in plain text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("kind") == "Status" else {}


def _managers(causes: list[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """By name of a field manager, the fields that are another's."""
    found: dict[str, tuple[str, ...]] = {}
    for one in causes:
        if one.get("reason") == "FieldManagerConflict":
            manager = _MANAGER.search(str(one.get("message")))
            name = manager["manager"] if manager else "somebody"
            found[name] = (*found.get(name, ()), str(one.get("field") or "?"))
    return found


def _forbidden(said: str, method: str, kind: Kind | None, path: str, of: str) -> str:
    """Which permission is missing, and what would grant it; other things forbid too, and say why."""
    found = _FORBIDDEN.search(said)
    if found is None:
        return f"the cluster does not allow flowc {_action(method, kind)}: {said or 'it does not say why'}"
    resource = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    place = f" in the namespace {found['namespace']}" if found["namespace"] else ""
    grant = (
        f"a {'Role' if place else 'ClusterRole'} with apiGroups [{json.dumps(found['group'])}], "
        f"resources [{json.dumps(found['resource'])}], verbs [{json.dumps(found['verb'])}] would grant it"
    )
    return f"{found['user']} may not {found['verb']} {resource}{place}: {grant}"


def _not_installed(kind: Kind | None, server: str) -> str:
    if kind is not None and kind in EVENTS:
        return f"Argo Events is not installed in the cluster {server}, which knows no {kind.name}: @trigger needs it"
    if kind is not None and kind.group == "argoproj.io":
        return f"Argo Workflows is not installed in the cluster {server}, which knows no {kind.name}"
    return f"the cluster {server} knows no {kind.plural if kind else 'such path'}"


def _action(method: str, kind: Kind | None) -> str:
    return f"to {_VERBS.get(method, method.lower())} {kind.plural if kind else 'it'}"


def _thing(kind: Kind | None) -> str:
    return f"the {kind.name}" if kind else "it"
