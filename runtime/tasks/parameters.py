"""The values of a run's parameters: from text, from JSON, from defaults; checked against the plan.

Given values go by the parameter's *name* (`--name`), the complete ones that a run keeps by its *attribute* (`self.attribute`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import LoadError, ParameterError
from ..records.given import Given
from .events import parameters_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..language.flowspec import FlowSpec
    from ..language.parameter import Parameter
    from ..plan import ParameterSpec, Plan
    from ..store import Store

_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "json": "JSON",
    "file": "the path of a file",
}


def from_text(spec: ParameterSpec, text: str) -> object:
    """The value that text on a command line means.

    Raises:
        ParameterError: It is not of the parameter's type.
    """
    try:
        match spec.type:
            case "str":
                return text
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                word = text.strip().lower()
                if word not in _TRUE | _FALSE:
                    raise ValueError
                return word in _TRUE
            case "json":
                return json.loads(text)
            case "file":
                from ..language.include import read_file

                return read_file(spec, text)
    except RecursionError:
        raise _too_deep(spec) from None
    except ValueError:
        raise _mismatch(spec, text) from None


def typed(plan: Plan, given: Mapping[str, object]) -> dict[str, object]:
    """Values by name, of which those that are text (and whose parameters are not) are as on a command line.

    Raises:
        ParameterError: A text is not of its parameter's type.
    """
    specs = {spec.name: spec for spec in plan.parameters}
    return {
        name: from_text(specs[name], value) if name in specs and isinstance(value, str) else value
        for name, value in given.items()
    }


def from_environment(plan: Plan, text: str | None) -> dict[str, object]:
    """Read `FLOWC_PARAMETERS`, by name: an object of JSON values, or Argo's list of names and texts.

    A text of Argo's is JSON if it is JSON of the parameter's type, and else stands for itself: `3`, `"3"` and `hello` are
    all good for a parameter of type str. `null` means that no value is given. A string for a JSON parameter is read as JSON
    if it holds an object or an array.

    Raises:
        ParameterError: It has no such form, or a value is not of its parameter's type.
    """
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"the parameters are not JSON ({error})") from None
    except RecursionError:
        raise ParameterError("the parameters nest too deeply to be read") from None
    return from_document(plan, given)


def from_given(plan: Plan, given: Given) -> dict[str, object]:
    """The values that a run's input gives, by name.

    Raises:
        ParameterError: A value is not of its parameter's type.
    """
    values = from_document(plan, given.parameters)
    for event in given.events:
        values |= from_document(plan, parameters_of(plan, event))
    return values


def from_document(plan: Plan, given: object) -> dict[str, object]:
    """The same as `from_environment` of JSON that is parsed already.

    Raises:
        ParameterError: It has no such form, or a value is not of its parameter's type.
    """
    specs = {spec.name: spec for spec in plan.parameters}
    values: dict[str, object] = {}
    if isinstance(given, list):
        for item in given:
            if not (isinstance(item, dict) and isinstance(item.get("name"), str)):
                raise ParameterError("the parameters are a list whose items have no name")
            name, value = item["name"], item.get("value")
            values[name] = _from_argo(specs[name], value) if name in specs and isinstance(value, str) else value
    elif isinstance(given, dict):
        for name, value in given.items():
            values[name] = _from_json(specs[name], value) if name in specs else value
    else:
        raise ParameterError("the parameters are JSON, but no object of values by name")
    return {name: value for name, value in values.items() if value is not None}


def complete(
    plan: Plan, flow_class: type[FlowSpec], given: Mapping[str, object], user: str | None = None, folder: Path | None = None
) -> dict[str, object]:
    """The values that a run keeps, by attribute: those given, by name, and the defaults of the rest.

    Args:
        folder: Where default files are, that of the flow's file; None in a container, which takes them from the plan.

    Raises:
        ParameterError: One is unknown, missing, or not of its type.
        LoadError: A default's function failed.
    """
    specs = {spec.name: spec for spec in plan.parameters}
    for name in given:
        if name not in specs:
            known = ", ".join(sorted(specs)) or "none"
            raise ParameterError(f"the flow {plan.flow} has no parameter `{name}`; its parameters are: {known}")
    missing = [spec.name for spec in plan.parameters if spec.required and given.get(spec.name) is None]
    if missing:
        raise ParameterError(f"the flow {plan.flow} needs a value for " + ", ".join(f"`{name}`" for name in missing))
    values: dict[str, object] = {}
    for spec in plan.parameters:
        value = given.get(spec.name)
        if spec.file is not None:
            values[spec.attribute] = _file_value(spec, plan, flow_class, value, user, folder)
        else:
            values[spec.attribute] = _value(spec, plan, flow_class, value, user)
    return values


def keep_parameters(store: Store, plan: Plan, run: str, values: Mapping[str, object]) -> None:
    """Keep complete values with a run before its first task begins, which then takes them from there.

    Raises:
        ArtifactError: One cannot be pickled.
    """
    from ..artifacts import Artifacts
    from ..records.parameters import write_parameters

    artifacts = Artifacts(store, plan.flow, run)
    write_parameters(store, plan.flow, run, {name: artifacts.save(name, value, plan.start) for name, value in values.items()})


def _file_value(
    spec: ParameterSpec, plan: Plan, flow_class: type[FlowSpec], given: object, user: str | None, folder: Path | None
) -> object:
    from ..language.include import IncludeFile, parsed, read_default

    declared = getattr(flow_class, spec.attribute, None)
    if not isinstance(declared, IncludeFile):
        raise ParameterError(f"the class {plan.flow} has no IncludeFile `{spec.attribute}`: compile the flow again")
    content = given
    if content is None:
        path = _evaluated(spec, declared, plan, user) if spec.deferred else spec.default
        if path is None:
            return None
        content = read_default(spec, str(path), folder)
    return parsed(spec, declared, content)


def _value(spec: ParameterSpec, plan: Plan, flow_class: type[FlowSpec], given: object, user: str | None) -> object:
    from ..language.parameter import Parameter

    declared = getattr(flow_class, spec.attribute, None)
    if not isinstance(declared, Parameter):
        if spec.deferred:
            raise ParameterError(f"the class {plan.flow} has no Parameter `{spec.attribute}`: compile the flow again")
        declared = None
    if declared is not None and spec.deferred and declared.type is None:
        value = _untyped(spec, declared, plan, given, user)
    elif given is not None:
        value = given
    else:
        value = _evaluated(spec, declared, plan, user) if declared is not None and spec.deferred else spec.default
        if isinstance(value, str) and spec.type != "str":
            value = from_text(spec, value)  # a JSON default is written as JSON text
    if spec.separator:
        if isinstance(value, str) and value:
            return value.split(spec.separator)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
    untyped = declared is not None and spec.deferred and declared.type is None
    return value if value is None or untyped else _checked(spec, value)


def _untyped(spec: ParameterSpec, declared: Parameter[Any], plan: Plan, given: object, user: str | None) -> object:
    """The value of a parameter whose type is only that of its evaluated default: the plan calls it text."""
    if given is None:
        return _evaluated(spec, declared, plan, user)
    try:
        default = _evaluated(spec, declared, plan, user)
    except LoadError:  # it is needed for its type only
        default = None
    kind = _kind(default)
    if kind is None:
        return given
    typed_spec = replace(spec, type=kind)
    return _checked(typed_spec, from_text(typed_spec, given) if isinstance(given, str) else given)


def _kind(value: object) -> Literal["str", "int", "float", "bool", "json"] | None:
    """Which type of a parameter has such values; None: none of them."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "str"
        case list() | tuple() | dict():
            return "json"
        case _:
            return None


def _evaluated(spec: ParameterSpec, declared: Parameter[Any], plan: Plan, user: str | None) -> Any:
    try:
        return declared.evaluate(plan.flow, user)
    except (Exception, SystemExit) as error:
        from ..failure import trimmed_traceback

        raise LoadError(f"the default of the parameter `{spec.name}` failed", trimmed_traceback(error)) from error


def _from_argo(spec: ParameterSpec, text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _from_json(spec, text) if spec.file is not None else from_text(spec, text)
    if value is None:
        return None
    if spec.type in ("str", "file") and not isinstance(value, str):
        value = text
    return value if spec.type == "str" else _from_json(spec, value)


def _from_json(spec: ParameterSpec, value: object) -> object:
    if spec.file is not None and value is not None:
        from ..language.include import content_from_json

        return content_from_json(spec, value)
    if value is None or not isinstance(value, str) or spec.type == "str":
        return value
    if spec.type != "json":
        return from_text(spec, value)
    try:
        inner = json.loads(value)
    except RecursionError:
        raise _too_deep(spec) from None
    except ValueError:
        return value
    return inner if isinstance(inner, dict | list) else value


def _checked(spec: ParameterSpec, value: Any) -> object:
    fits = False
    match spec.type:
        case "str":
            fits = isinstance(value, str)
        case "int":
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            value = float(value) if fits else value
        case "bool":
            fits = isinstance(value, bool)
        case "json" | "file":
            fits = True
    if not fits:
        raise _mismatch(spec, value)
    return value


def _too_deep(spec: ParameterSpec) -> ParameterError:
    return ParameterError(f"the parameter `{spec.name}` nests too deeply to be read")


def _mismatch(spec: ParameterSpec, value: object) -> ParameterError:
    shown = repr(value)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    return ParameterError(f"the parameter `{spec.name}` takes {_KINDS[spec.type]}, not {shown}")
