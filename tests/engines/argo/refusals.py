"""What the API server refuses, as the `Status` objects that it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """A request that is not done.

    Attributes:
        code: Of the HTTP response.
        body: What is answered: a `Status`, or text.
        headers: More headers of the response.
    """

    def __init__(self, code: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.code = code
        self.body = body
        self.headers = headers or {}


def refused(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> Refused:
    """A `Status` of failure."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    if reason:
        body["reason"] = reason
    if details is not None:
        body["details"] = details
    return Refused(code, {**body, "code": code})


def bad_request(message: str) -> Refused:
    """400."""
    return refused(400, "BadRequest", message)


def not_found(details: dict[str, Any]) -> Refused:
    """404: of details with name, kind, and group where there is one."""
    return refused(404, "NotFound", f'{_full(details)} "{details["name"]}" not found', details)


def exists(details: dict[str, Any]) -> Refused:
    """409: there is one of that name."""
    return refused(409, "AlreadyExists", f'{_full(details)} "{details["name"]}" already exists', details)


def modified(details: dict[str, Any]) -> Refused:
    """409: it is not what it was when it was read."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return refused(409, "Conflict", f'Operation cannot be fulfilled on {_full(details)} "{details["name"]}": {why}', details)


_REASONS = {"Required value": "FieldValueRequired", "Unsupported value": "FieldValueNotSupported"}


def invalid(details: dict[str, Any], causes: Sequence[tuple[str, str]]) -> Refused:
    """422: each cause is a field, and what is wrong with it."""
    told = [{"reason": _reason(why), "message": why, "field": field} for field, why in causes]
    said = [f"{field}: {why}" for field, why in causes]
    whole = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    message = f'{_full(details)} "{details.get("name", "")}" is invalid: {whole}'
    return refused(422, "Invalid", message, {**details, "causes": told})


def _reason(why: str) -> str:
    if " in body must be of type " in why:
        return "FieldValueTypeInvalid"
    return _REASONS.get(why.partition(":")[0], "FieldValueInvalid")


def forbidden(verb: str, resource: str, group: str, namespace: str, user: str) -> Refused:
    """403: the user may not do that."""
    full = f"{resource}.{group}" if group else resource
    told = f'User "{user}" cannot {verb} resource "{resource}" in API group "{group}" in the namespace "{namespace}"'
    details = {"group": group, "kind": resource} if group else {"kind": resource}
    return refused(403, "Forbidden", f"{full} is forbidden: {told}", details)


UNAUTHORIZED = refused(401, "Unauthorized", "Unauthorized")


def no_such_page() -> Refused:
    """404, where there is nothing of that kind at all."""
    return Refused(404, "404 page not found\n")


def _full(details: dict[str, Any]) -> str:
    return f"{details['kind']}.{details['group']}" if details.get("group") else str(details["kind"])
