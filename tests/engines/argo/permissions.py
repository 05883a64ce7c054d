"""What service accounts may do, by the roles that are bound to them."""

from __future__ import annotations

from engines.argo.objects import Objects


def may(
    objects: Objects, namespace: str, account: str, verb: str, group: str, resource: str, *, kind: str = "ServiceAccount"
) -> bool:
    """Whether a service account, or a `User`, may do that in a namespace."""
    bound = [
        one["roleRef"]["name"]
        for one in objects.all("rolebindings", namespace)
        if any(each["kind"] == kind and each["name"] == account for each in one.get("subjects", ()))
    ]
    rules = [rule for one in objects.all("roles", namespace) if one["metadata"]["name"] in bound for rule in one.get("rules", ())]
    return any(
        {group, "*"} & set(rule.get("apiGroups", ()))
        and {resource, "*"} & set(rule.get("resources", ()))
        and {verb, "*"} & set(rule["verbs"])
        for rule in rules
    )
