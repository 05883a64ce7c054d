"""Names of fields from one of AWS's worlds to another: requests are in camelCase, CloudFormation in PascalCase, Terraform in
snake_case.

    {"jobDefinitionName": …, "timeout": {"attemptDurationSeconds": …}}
      →  {"JobDefinitionName": …, "Timeout": {"AttemptDurationSeconds": …}}
      →  {"job_definition_name": …, "timeout": {"attempt_duration_seconds": …}}

Keys that are not names of fields but data, such as tags, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_TABLES: Final = frozenset({"dockerLabels", "options", "parameters", "tags"})
"""Fields that hold data by keys of somebody's own, if they hold an object at all."""
_ECS: Final = {"efsVolumeConfiguration": "EFSVolumeConfiguration", "fileSystemId": "FilesystemId", "iam": "IAM"}
"""What CloudFormation calls otherwise in ECS, and only there."""


def to_pascal(data: Any, *, ecs: bool) -> Any:
    """A request's fields as CloudFormation has them."""
    own = _ECS if ecs else {}
    return _rename(data, lambda name: own.get(name, name[:1].upper() + name[1:]))


def to_snake(data: Any) -> Any:
    """A request's fields as Terraform has them."""
    return _rename(data, lambda name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("gi_b", "gib"))


def _rename(data: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(data, Mapping):
        return {
            rename(key): value if key in _TABLES and isinstance(value, Mapping) else _rename(value, rename)
            for key, value in data.items()
        }
    return [_rename(one, rename) for one in data] if isinstance(data, list | tuple) else data
