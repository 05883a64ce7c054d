"""`import metaflow`, which becomes `import flowc`.

`metaflow.step` becomes `flowc.step`, where it is this import that the name comes from (libcst's scopes tell).

    import metaflow                     ▶   import flowc
    class Train(metaflow.FlowSpec):         class Train(flowc.FlowSpec):

Uses of what flowc lacks keep `import metaflow` beside it. Where the name is used as a whole, or bound in another way too, it
stays: `import flowc as metaflow`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import libcst as cst
from libcst import metadata

from ..frontend.metaflows import MODULE, OURS
from .change import New, Plan, Statement, dotted, is_of_either


def plan_modules(
    wrapper: metadata.MetadataWrapper,
    statements: Sequence[cst.Import],
    attributes: Mapping[int, cst.Attribute],
    names: Set[str],
    plan: Plan,
) -> None:
    """Decide about `import metaflow` and `import metaflow as …`, one scope and name at a time."""
    scopes = {scope for scope in wrapper.resolve(metadata.ScopeProvider).values() if scope is not None}
    everywhere = [one for scope in scopes for one in scope.assignments if one.scope is scope]
    # Whether something else is called `flowc`, and whether an import of a submodule binds `metaflow` all the same.
    taken = any(one.name == OURS and not _is_import_of_either(one) for one in everywhere)
    bound = any(one.name.startswith(f"{MODULE}.") for one in everywhere)
    here = {id(one) for one in statements}
    groups: dict[tuple[int, str], list[metadata.BaseAssignment]] = {}
    for one in everywhere:
        if _binds_by_a_submodule(one):
            continue
        groups.setdefault((id(one.scope), one.name), []).append(one)
    modes: dict[int, str] = {}
    for (_, name), assignments in groups.items():
        ours = [(one, aliases) for one in assignments if (aliases := _aliases_of(one, name, here))]
        if ours:
            # `metaflow.cards` as a whole is what an `import metaflow.cards` answers for.
            nodes = [use.node for one, _ in ours for use in one.references if not isinstance(use.node, cst.Attribute)]
            uses = list({id(node): node for node in nodes}.values())
            plain = [attributes.get(id(use)) for use in uses]
            mode = _decide(name, len(ours) < len(assignments), uses, plain, names, taken, bound, plan)
            for alias in (alias for _, aliases in ours for alias in aliases):
                modes[id(alias)] = mode
                if mode == "leave":
                    help = "import the names that it uses from flowc"
                    plan.left.append((alias, f"`{name}` is used in more ways than flowc can answer for", help))
    for statement in statements:
        if any(modes.get(id(alias)) in {"swap", "rename", "keep name", "both"} for alias in statement.names):
            plan.replaced[id(statement)] = _new_imports(statement, modes)


def _binds_by_a_submodule(one: metadata.BaseAssignment) -> bool:
    """Whether it is the name `metaflow` as `import metaflow.cards` binds it, which stays."""
    if one.name != MODULE or not isinstance(one, metadata.Assignment) or not isinstance(one.node, cst.Import):
        return False
    return not any((alias.evaluated_alias or dotted(alias.name)) == MODULE for alias in one.node.names)


def _aliases_of(one: metadata.BaseAssignment, name: str, statements: Set[int]) -> list[cst.ImportAlias]:
    """The parts `metaflow` or `metaflow as name` of the import that binds a name."""
    if not isinstance(one, metadata.Assignment) or not isinstance(one.node, cst.Import) or id(one.node) not in statements:
        return []
    return [alias for alias in one.node.names if dotted(alias.name) == MODULE and (alias.evaluated_alias or MODULE) == name]


def _is_import_of_either(one: metadata.BaseAssignment) -> bool:
    return isinstance(one, metadata.Assignment) and isinstance(one.node, Statement) and is_of_either(one.node)


def _decide(
    name: str,
    others: bool,
    uses: Sequence[cst.CSTNode],
    attributes: Sequence[cst.Attribute | None],
    names: Set[str],
    taken: bool,
    bound: bool,
    plan: Plan,
) -> str:
    """What to do about an import, from how its name is used; notes what is renamed and what is left.

    Args:
        name: The local name.
        others: It is bound in another way too, as in `except ImportError: metaflow = None`.
        uses: Where the name is used.
        attributes: Beside each, the attribute that is asked for, if it is.
        names: What flowc has.
        taken: Something else is called `flowc`.
        bound: Something else imports `metaflow` under its own name.
        plan: Where to note it.

    Returns:
        `swap` the module, `rename` its uses, `keep name` with an alias, `both` modules, or `leave` it, or let it `stay` for what
        is noted at its uses.
    """
    known = [use for use, one in zip(uses, attributes, strict=True) if one is not None and one.attr.value in names]
    unknown = [one for one in attributes if one is not None and one.attr.value not in names]
    bare = others or len(known) + len(unknown) < len(uses)
    if not unknown:
        if name != MODULE:
            return "swap"
        if bare or taken:
            return "leave" if bound else "keep name"
        plan.renamed |= {id(use) for use in known}
        return "rename"
    for attribute in unknown:
        plan.leave(attribute, attribute.attr.value)
    if not known:
        return "stay"
    if bare or taken:
        return "leave"
    plan.renamed |= {id(use) for use in known}
    return "both"


def _new_imports(statement: cst.Import, modes: dict[int, str]) -> list[New]:
    ours = cst.Name(OURS)
    names: list[cst.ImportAlias] = []
    for alias in statement.names:
        match modes.get(id(alias)):
            case "swap" | "rename":
                names.append(alias.with_changes(name=ours))
            case "keep name":
                names.append(alias.with_changes(name=ours, asname=cst.AsName(cst.Name(MODULE))))
            case "both" if len(statement.names) == 1:
                return [New(cst.Import([cst.ImportAlias(ours)])), New(statement)]
            case "both":
                names += [cst.ImportAlias(ours, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))), alias]
            case _:
                names.append(alias)
    return [New(statement.with_changes(names=names))]
