"""Names of errors in moto: which of them a `Retry` or `Catch` matches, and what becomes of them on their way up.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.eval.environment import Environment

from engines.mending import mend

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
