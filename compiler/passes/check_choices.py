"""Check what ways on are chosen by: a foreach needs a sequence (FC706), a switch a case for every value (FC707)."""

from __future__ import annotations

from typing import Final

from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.artifacts import Write
from ..ir.nodes import Constant, Fanout, Step, Switch

_TRUTHS: Final = ("True or False", "the result of a comparison")

_NOT_SEQUENCES: Final = {"int": "a number", "float": "a number", "bool": "True or False"}
"""Types of parameters that a foreach cannot go through, in words."""


def check_choices(solution: Solution, report: Report) -> None:
    """Only what is evident is reported: every assignment that a value can come from must be one that can be seen."""
    for step in solution.flow.steps:
        for number, arm in enumerate(step.arms):
            if isinstance(arm, Fanout):
                _check_items(solution, report, step, number, arm)
            elif isinstance(arm, Switch):
                _check_cases(solution, report, step, arm, solution.reaching(step, number, arm.variable))


def bad_items(solution: Solution, step: Step, number: int, arm: Fanout) -> Write | None:
    """The assignment that evidently makes no sequence of what a foreach goes through."""
    reaching = solution.reaching(step, number, arm.variable)
    bad = [write for write in reaching if write is not None and write.value.indexed is False]
    # None is often a placeholder until something else is assigned, in a case that goes together with this one.
    certain = [write for write in bad if write.value.what != "None"] if len(step.arms) == 1 else []
    return None if not bad or (len(bad) < len(reaching) and not certain) else (certain or bad)[0]


def _check_items(solution: Solution, report: Report, step: Step, number: int, arm: Fanout) -> None:
    for parameter in solution.flow.parameters:
        if parameter.attribute == arm.variable and parameter.type in _NOT_SEQUENCES and parameter.separator is None:
            what = _NOT_SEQUENCES[parameter.type]
            report.add(
                rules.NOT_A_SEQUENCE,
                f"step `{step.name}` goes through each of `self.{arm.variable}`, which is {what}",
                arm.span,
                "needs a sequence",
                also=[(parameter.span, f"a parameter of type `{parameter.type}`")],
                help="assign a list, and name that"
                + (f": `self.items = list(range(self.{arm.variable}))`" if parameter.type == "int" else ""),
            )
    write = bad_items(solution, step, number, arm)
    if write is None:
        return
    help = {
        "a set": f"make it a list: `sorted(self.{arm.variable})`",
        "a dictionary": f"make it a list: `list(self.{arm.variable}.items())`",
        "None": f"assign a list to `self.{arm.variable}` before",
        "a number": f"make it a list: `list(range(self.{arm.variable}))`",
    }.get(write.value.what, f"make it a list: `list(…)` where `self.{arm.variable}` is assigned")
    report.add(
        rules.NOT_A_SEQUENCE,
        f"step `{step.name}` goes through each of `self.{arm.variable}`, which is {write.value.what}",
        arm.span,
        "needs a sequence",
        also=[(write.span, f"{write.value.what} is assigned here")],
        help=help,
    )


def _check_cases(solution: Solution, report: Report, step: Step, arm: Switch, reaching: list[Write | None]) -> None:
    missing = [write for write in reaching if write is not None and _is_missing(arm, write)]
    if not missing or (len(missing) < len(reaching) and len(step.arms) > 1):
        return
    write = missing[0]
    shown = ", ".join(repr(case) for case, _ in arm.cases)
    value = repr(write.value.constant[0]) if write.value.constant else ""
    report.add(
        rules.CASE_NOT_COVERED,
        f"the switch of step `{step.name}` has no case for `self.{arm.variable}`"
        + (f" = {value}" if value else f", which is {write.value.what}"),
        arm.span,
        f"its cases are {shown}",
        also=[(write.span, "assigned here")],
        help=_case_help(arm, write, value),
    )


def _case_help(arm: Switch, write: Write, value: str) -> str:
    cases = [case for case, _ in arm.cases]
    boolean = write.value.what in (*_TRUTHS, "True", "False")
    if boolean and {"True", "False"} & set(cases):
        return "write the cases without quotes: `True` and `False`"
    if write.value.constant and any(str(case) == str(write.value.constant[0]) for case in cases):
        return f"write the case as `{value}`"
    if not write.value.constant:
        return f"a switch goes by texts, numbers, True, False and None: assign one of them to `self.{arm.variable}`"
    return f"add a case for {value}, or assign one of the values that have one"


def _is_missing(arm: Switch, write: Write) -> bool:
    value = write.value
    if not value.constant:
        if value.what in _TRUTHS:
            return all(isinstance(case, str) for case, _ in arm.cases)
        return value.what in ("a list", "a set", "a dictionary")  # no case can equal one
    constant: Constant = value.constant[0]
    return all(case != constant for case, _ in arm.cases)
