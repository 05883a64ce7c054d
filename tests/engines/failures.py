"""Names of errors in moto: which of them a `Retry` or `Catch` matches, and what becomes of them on their way up.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import ComparisonFuncValue
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import ComparisonOperatorType
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.eval.environment import Environment

from engines.mending import mend
from engines.waiting import failure

_NOT_ALL = {"States.Runtime", "States.DataLimitExceeded"}
"""What `States.ALL` does not match."""


@mend(ErrorEqualsDecl, "_eval_body")
def _match(_original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto lets `States.ALL` match every error, and `States.TaskFailed` hardly any that a branch or item has handed up."""
    name = env.stack.pop().error_name
    wanted = {one.error_name for one in self.error_names}
    if name == "States.Runtime":  # which always ends the execution
        env.stack.append(False)
    elif "States.ALL" in wanted:
        env.stack.append(name not in _NOT_ALL)
    elif "States.TaskFailed" in wanted and name not in {*_NOT_ALL, "States.Timeout"}:
        env.stack.append(True)
    else:
        env.stack.append(name in wanted)


@mend(CustomErrorName, "__init__")
def _any_name(_original: Callable[..., None], self: CustomErrorName, error_name: str | None) -> None:
    """moto turns the `States.…` errors of a branch or an item into States.Runtime."""
    ErrorName.__init__(self, error_name=error_name)


@mend(StateChoice, "_eval_state")
def _choose(original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto fails with States.Runtime where no rule matches, which cannot be caught."""
    try:
        original(self, env)
    except RuntimeError as error:
        if "No branching option" not in str(error):
            raise
        name = StatesErrorNameType.StatesNoChoiceMatched
        cause = f"An error occurred while executing the state '{self.name}'. Failed to transition out of the state."
        raise failure(env, name, cause, HistoryEventType.ExecutionFailed, "executionFailedEventDetails") from error


@mend(ComparisonFuncValue, "_eval_body")
def _compare(original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto says "no" where there is nothing to compare."""
    there = env.stack[-1]
    if isinstance(there, NoSuchVariable) and self.operator_type != ComparisonOperatorType.IsPresent:
        cause = f"Invalid path '{there.path}': The choice state's condition path references an invalid value."
        raise failure(
            env, StatesErrorNameType.StatesRuntime, cause, HistoryEventType.ExecutionFailed, "executionFailedEventDetails"
        )
    original(self, env)
