"""Our own look at a state machine's names: every transition leads somewhere, every state is reached and comes to an end.

In: a parsed definition. Out: one sentence for each fault, all at once, e.g. `States.pick: Default leads to 'lfet', which is no
state here`. A scope (the machine itself, a branch of a Parallel, the processor of a Map) is looked at for itself, since nothing
leads from one into another; only names are unique in the whole machine.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]

LONGEST_NAME = 80
LONGEST_LABEL = 40
_ENDS_ITSELF = frozenset({"Succeed", "Fail"})
_GOES_ON = frozenset({"Task", "Pass", "Wait", "Parallel", "Map"})


def dangling(definition: Node) -> list[str]:
    """What is wrong with a definition's names and transitions; empty if nothing is."""
    scopes = list(_scopes("", definition))
    found = [fault for where, scope in scopes for fault in _scope(where, scope)]
    names = Counter(name for _, scope in scopes for name in _states(scope))
    for name, times in names.items():
        if times > 1:
            found.append(f"{name!r} is the name of {times} states")
        if len(name) > LONGEST_NAME:
            found.append(f"{name!r} has {len(name)} of at most {LONGEST_NAME} characters")
    states = [state for _, scope in scopes for state in _states(scope).values()]
    for label, times in Counter(str(state["Label"]) for state in states if "Label" in state).items():
        if times > 1:
            found.append(f"{label!r} is the Label of {times} Maps")
        if len(label) > LONGEST_LABEL:
            found.append(f"Label {label!r} has {len(label)} of at most {LONGEST_LABEL} characters")
    return found


def _scopes(where: str, scope: Node) -> Iterator[tuple[str, Node]]:
    """The scope itself, then those inside it, each with its path."""
    yield where, scope
    for name, state in _states(scope).items():
        at = f"{where}States.{name}"
        for index, branch in enumerate(state.get("Branches") or []):
            yield from _scopes(f"{at}.Branches[{index}].", branch)
        for key in ("ItemProcessor", "Iterator"):
            if key in state:
                yield from _scopes(f"{at}.{key}.", state[key])


def _scope(where: str, scope: Node) -> Iterator[str]:
    states = _states(scope)
    start = str(scope.get("StartAt"))
    if start not in states:
        yield f"{where}StartAt is {start!r}, which is no state here"
    ahead: dict[str, list[str]] = {}
    for name, state in states.items():
        targets = list(_targets(state))
        for key, target in targets:
            if target not in states:
                yield f"{where}States.{name}: {key} leads to {target!r}, which is no state here"
        ahead[name] = [target for _, target in targets if target in states]
        yield from _form(f"{where}States.{name}", state)

    reached = _closure([start] if start in states else [], ahead)
    yield from (f"{where}States.{name}: is reached by nothing" for name in states if name not in reached)
    back: dict[str, list[str]] = {name: [] for name in states}
    for name, targets_of in ahead.items():
        for target in targets_of:
            back[target].append(name)
    ends = [name for name, state in states.items() if state.get("End") is True or state.get("Type") in _ENDS_ITSELF]
    finite = _closure(ends, back)
    yield from (f"{where}States.{name}: never comes to an end" for name in states if name not in finite)


def _form(where: str, state: Node) -> Iterator[str]:
    """A state goes on or ends in the way of its type."""
    kind = state.get("Type")
    if kind in _GOES_ON:
        if "Next" in state and "End" in state:
            yield f"{where}: has both Next and End"
        elif "Next" not in state and "End" not in state:
            yield f"{where}: has neither Next nor End"
        if state.get("End", True) is not True:
            yield f"{where}: End is {state['End']!r}, not true"
    elif kind == "Choice" or kind in _ENDS_ITSELF:
        yield from (f"{where}: a {kind} has no {key}" for key in ("Next", "End") if key in state)
        if kind == "Choice" and not state.get("Choices"):
            yield f"{where}: has no Choices"
    else:
        yield f"{where}: Type is {kind!r}"
    inner = [*(state.get("Branches") or []), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
    if kind in {"Parallel", "Map"} and not inner:
        yield f"{where}: a {kind} with nothing inside"


def _targets(state: Node) -> Iterator[tuple[str, str]]:
    """Where a state may lead, each with the key that says so."""
    for key in ("Next", "Default"):
        if key in state:
            yield key, str(state[key])
    for key in ("Choices", "Catch"):
        for index, rule in enumerate(state.get(key) or []):
            yield f"{key}[{index}].Next", str(rule.get("Next"))


def _closure(start: list[str], ahead: Mapping[str, list[str]]) -> set[str]:
    seen, open_ = set(start), list(start)
    while open_:
        for name in ahead[open_.pop()]:
            if name not in seen:
                seen.add(name)
                open_.append(name)
    return seen


def _states(scope: Node) -> Mapping[str, Node]:
    states = scope.get("States")
    return states if isinstance(states, Mapping) else {}
