"""What CloudFormation makes of a template: its intrinsic functions, and nothing else.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html

In: a template, and values for its parameters and pseudo parameters. Out: the properties of each resource that would be made.
A text that is no argument of `Fn::Sub` stays as it is, whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class Template:
    """A template with values for its parameters.

    Attributes:
        resources: The properties of each resource that is made, by its logical id.
    """

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._template = template
        self._values = dict(given)
        for name, parameter in template.get("Parameters", {}).items():
            value = self._values.setdefault(name, parameter.get("Default"))
            assert value is not None, f"{name} is not given"
            pattern = parameter.get("AllowedPattern")
            assert pattern is None or re.fullmatch(pattern, value), f"{name}: {value!r} is not {pattern}"
            assert isinstance(value, list) == (parameter["Type"] == "CommaDelimitedList"), name
        strangers = {name for name in given if "::" not in name} - set(template.get("Parameters", {}))
        assert not strangers, f"the template takes no {strangers}"
        self.resources: dict[str, Any] = {
            name: self._evaluate(one.get("Properties", {}))
            for name, one in template["Resources"].items()
            if "Condition" not in one or self._holds(one["Condition"])
        }
        self._evaluate(template.get("Outputs", {}))

    def of_type(self, kind: str) -> dict[str, Any]:
        """The resources of a type."""
        return {name: value for name, value in self.resources.items() if self._template["Resources"][name]["Type"] == kind}

    def _holds(self, condition: str) -> bool:
        one, other = self._evaluate(self._template["Conditions"][condition]["Fn::Equals"])
        return bool(one == other)

    def _evaluate(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self._evaluate(one) for one in data]
        if not isinstance(data, dict):
            assert data is not None, "CloudFormation takes no null"
            return data
        function = next(iter(data), "")
        if len(data) == 1 and (function == "Ref" or function.startswith("Fn::")):
            return self._call(function, data[function])
        return {key: self._evaluate(value) for key, value in data.items()}

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._reference(argument)
            case "Fn::GetAtt":
                self._need(argument[0])
                return f"{argument[0]}.{argument[1]}"
            case "Fn::If":
                return self._evaluate(argument[1] if self._holds(argument[0]) else argument[2])
            case "Fn::Join":
                return argument[0].join(self._evaluate(argument[1]))
            case "Fn::Sub":
                return self._substitute(*(argument if isinstance(argument, list) else (argument, {})))
            case _:
                raise AssertionError(f"{function} is not known here")

    def _reference(self, name: str) -> Any:
        if name not in self._values:
            self._need(name)
            return f"Ref {name}"
        return self._values[name]

    def _need(self, resource: str) -> None:
        made = self._template["Resources"].get(resource)
        assert made is not None, f"there is no {resource}"
        assert "Condition" not in made or self._holds(made["Condition"]), f"{resource} is not made"

    def _substitute(self, text: str, own: Mapping[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            assert re.fullmatch(r"[\w.:]+", name), f"Fn::Sub refuses ${{{name}}}"
            return str(self._evaluate(own[name]) if name in own else self._reference(name))

        return re.sub(r"\$\{([^}]*)\}", value, text)
