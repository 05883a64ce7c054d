"""What an IAM policy allows: its actions, resources and the conditions that flowc writes, by IAM's rules, and nothing else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engines.calls import Call


def allowing(policy: Mapping[str, Any], call: Call) -> Iterator[tuple[str, str]]:
    """The statements of a policy that allow a call: `Sid` and action of each; none of them if it is not allowed."""
    for statement in policy["Statement"]:
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        if (
            call.action in statement["Action"]
            and any(like(pattern, call.resource) for pattern in statement["Resource"])
            and all(_holds(kind, keys, call.context) for kind, keys in statement.get("Condition", {}).items())
        ):
            yield statement["Sid"], call.action


def granted(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    """All that the statements of a policy allow: `Sid` and action."""
    return {(one["Sid"], action) for one in policy["Statement"] for action in one["Action"]}


def like(pattern: str, text: str) -> bool:
    """Whether a text is like a pattern: `*` is anything, `?` any character, `${*}` the character itself."""
    parts = re.findall(r"\$\{[*?$]\}|.", pattern, re.DOTALL)
    expression = "".join({"*": ".*", "?": "."}.get(one) or re.escape(one[2] if len(one) > 1 else one) for one in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _holds(kind: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    if_there = kind.endswith("IfExists")
    for key, wanted in keys.items():
        if key not in context:
            if if_there:
                continue
            return False
        patterns = [wanted] if isinstance(wanted, str) else wanted
        match kind.removesuffix("IfExists"):
            case "StringLike" | "ArnLike" | "ArnEquals":
                found = any(like(one, context[key]) for one in patterns)
            case "StringEquals":
                found = context[key] in patterns
            case _:
                raise AssertionError(f"{kind} is not known here")
        if not found:
            return False
    return True
