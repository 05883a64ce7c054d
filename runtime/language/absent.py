"""Names of Metaflow's that flowc does not have, and what stands in for those that a flow imports and never uses.

An import of such a name fails, at once and clearly. That would stop flows that import more than they use, so the compiler lists
what a flow never uses (`compiler/frontend/absent.py`), and the face gives something for these names whose every use fails. Where
`python flow.py` runs a file, nothing is compiled yet: the file gets something for each of these names, and then the compiler
says what is used.

Within a `try` or a `with` the import fails all the same, for the file may have something else to do then.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final, NoReturn

NOT_YET: Final = frozenset(
    {
        # What `metaflow/__init__.py` of 2.19 has besides, with the decorators and parsers of its plugins.
        *("DeployedFlow", "Deployer", "FlowMutator", "JSONTypeClass"),
        *("NBDeployer", "NBRunner", "Runner", "S3", "StepMutator"),
        *("USER_SKIP_STEP", "UserStepDecorator", "user_step_decorator"),
        "inspect_spin",
        *("metaflow_version", "parallel", "parallel_imap_unordered", "profile", "pytorch_parallel", "namespaced_event_name"),
        *("airflow_external_task_sensor", "airflow_s3_key_sensor"),
        *("conda_environment_yml_parser", "pyproject_toml_parser", "requirements_txt_parser", "yaml_parser"),
        # Its modules.
        *("cards", "client", "datatools", "decorators", "events", "exception", "flowspec", "includefile", "integrations"),
        *("metaflow_config", "metaflow_current", "multicore_utils", "parameters", "plugins", "runner", "tuple_util"),
        *("unbounded_foreach", "user_configs", "user_decorators", "util"),
        # What else it has had, and what its extensions add that many use.
        *("MutableFlow", "MutableStep", "TriggeredRun", "get_aws_client", "load_flow"),
        *("checkpoint", "huggingface_hub", "model", "slurm", "torchrun"),
    }
)
"""Names of Metaflow's that flowc does not have: those of `compiler/frontend/face.py`."""

_OWN: Final = frozenset({(__package__ or "").partition(".")[0], __name__, f"{__package__}.metaflow", "metaflow"})
"""The modules that hand a name on, between the import and this one."""
_IMPORTERS: Final = frozenset({"importlib._bootstrap", "_frozen_importlib"})

_unused: frozenset[str] = frozenset()


def stand_in_for(names: Sequence[str]) -> None:
    """From now on, these names can be imported. To be called before a flow's module is imported."""
    global _unused
    _unused = NOT_YET.intersection(names)


def answer(name: str) -> object:
    """What the face gives for a name that flowc does not have.

    Raises:
        ImportError: Nothing stands in for it here.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _OWN | _IMPORTERS:
        frame = frame.f_back
    if frame is not None and (name in _unused or frame.f_globals.get("__name__") == "__main__") and not _is_sheltered(frame):
        return Absent(name)
    return _refuse(name)


def _refuse(name: str) -> NoReturn:
    raise ImportError(f"flowc does not have Metaflow's `{name}` yet", name=(__package__ or "").partition(".")[0])


def _is_sheltered(frame: FrameType) -> bool:
    """Whether what runs stands in a `try` or a `with`, as far as its file can tell."""
    import ast
    from pathlib import Path

    try:
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return True
    blocks = (node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar | ast.With | ast.AsyncWith))
    return any(node.lineno <= frame.f_lineno <= (node.end_lineno or node.lineno) for node in blocks)


class Absent:
    """Stands in for a name that flowc does not have. It can be handed around; whatever else is done with it fails."""

    def __init__(self, name: str) -> None:
        self.__dict__["_absent"] = name

    def __repr__(self) -> str:
        return f"<Metaflow's `{self._absent}`, which flowc does not have yet>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):  # Python itself looks whether there are such
            raise AttributeError(name)
        return _refuse(self._absent)

    def _fail(self, *_: object, **__: object) -> NoReturn:
        _refuse(self._absent)

    __setattr__ = __delattr__ = _fail
    __call__ = __mro_entries__ = __instancecheck__ = __subclasscheck__ = __reduce_ex__ = _fail
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __or__ = __ror__ = __enter__ = _fail
