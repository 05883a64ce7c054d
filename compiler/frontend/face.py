"""The names that flowc's face has, and those of Metaflow's that it does not have.

The compiler does not import the face; a test holds these lists to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

API_MODULES: Final = ("flowc", "metaflow")
"""What the API is imported from."""

API_NAMES: Final = frozenset(
    {
        *(
            "FlowSpec",
            "step",
            "Parameter",
            "JSONType",
            "IncludeFile",
            "Config",
            "config_expr",
            "ConfigValue",
            "Inputs",
            "current",
            "register_serializer",
        ),
        *("parallel_map", "resources", "batch", "kubernetes", "retry", "timeout", "catch", "environment", "secrets", "foreach"),
        *("schedule", "project", "trigger", "trigger_on_finish", "exit_hook", "pypi", "pypi_base", "conda", "conda_base"),
        "card",
        # What Metaflow has besides, for helpers.
        *("S3", "get_aws_client", "parallel_imap_unordered", "profile"),
        # The client.
        *("DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task"),
        *("default_metadata", "default_namespace", "get_metadata", "get_namespace", "metadata", "namespace"),
    }
)
"""What `from flowc import *` brings."""

NOT_YET: Final = frozenset(
    {
        # What `metaflow/__init__.py` of 2.19 has besides, with the decorators and parsers of its plugins.
        *("DeployedFlow", "Deployer", "FlowMutator", "JSONTypeClass"),
        *("NBDeployer", "NBRunner", "Runner", "StepMutator"),
        *("USER_SKIP_STEP", "UserStepDecorator", "user_step_decorator"),
        "inspect_spin",
        *("metaflow_version", "parallel", "pytorch_parallel", "namespaced_event_name"),
        *("airflow_external_task_sensor", "airflow_s3_key_sensor"),
        *("conda_environment_yml_parser", "pyproject_toml_parser", "requirements_txt_parser", "yaml_parser"),
        # Its modules.
        *("decorators", "events", "integrations"),
        *("metaflow_config", "runner", "tuple_util"),
        *("unbounded_foreach", "user_decorators", "util"),
        # What else it has had, and what its extensions add that many use.
        *("MutableFlow", "MutableStep", "TriggeredRun", "load_flow"),
        *("checkpoint", "huggingface_hub", "model", "slurm", "torchrun"),
    }
)
"""Names of Metaflow's that flowc does not have."""

SUBMODULES: Final[Mapping[str, frozenset[str]]] = {
    "cards": frozenset(
        {
            *("Artifact", "Error", "EventsTimeline", "Image", "JSONViewer", "Markdown", "MetaflowCard", "MetaflowCardComponent"),
            *("ProgressBar", "PythonCode", "Table", "ValueBox", "VegaChart", "YAMLViewer"),
        }
    ),
    "client": frozenset({"DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "namespace", "get_namespace", "metadata"}),
    "exception": frozenset(
        {
            *("CommandException", "ExternalCommandFailed", "MetaflowDataMissing", "MetaflowException", "MetaflowInternalError"),
            *("MetaflowInvalidPathspec", "MetaflowNamespaceMismatch", "MetaflowNotFound", "MetaflowTaggingError"),
            *("MetaflowUnknownUser", "MissingInMergeArtifactsException", "UnhandledInMergeArtifactsException"),
        }
    ),
    **dict.fromkeys(
        ("datatools", "datatools.s3", "plugins.datatools", "plugins.datatools.s3", "plugins.datatools.s3.s3"),
        frozenset(
            {
                *("S3", "S3GetObject", "S3Object", "S3PutObject", "RangeInfo"),
                *("MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InsufficientDiskSpace"),
                *("MetaflowS3InvalidObject", "MetaflowS3InvalidRange", "MetaflowS3NotFound", "MetaflowS3URLException"),
            }
        ),
    ),
    "flowspec": frozenset({"FlowSpec"}),
    "includefile": frozenset({"IncludeFile"}),
    "metaflow_current": frozenset({"current"}),
    "multicore_utils": frozenset({"parallel_imap_unordered", "parallel_map"}),
    "parameters": frozenset({"JSONType", "Parameter"}),
    "plugins": frozenset[str](),
    "plugins.aws": frozenset[str](),
    "plugins.aws.aws_client": frozenset({"get_aws_client"}),
    "user_configs": frozenset[str](),
    "user_configs.config_parameters": frozenset({"Config", "ConfigValue", "config_expr"}),
}
"""Modules below `metaflow` that flowc answers for, and what they have: those of `runtime/language/submodules.py`."""

GANGS: Final = frozenset({"parallel", "pytorch_parallel"})
"""Those that go with `num_parallel`."""

ROOMS: Final = frozenset({"cli", "compiler", "runtime", "targets", "templates"})
"""Packages within flowc, which `import flowc.compiler` finds where flowc is installed whole."""


def is_flowcs(module: str) -> bool:
    """Whether a module is flowc, metaflow, or within one of them."""
    return module.partition(".")[0] in API_MODULES


def names_below(module: str) -> frozenset[str] | None:
    """What can be imported from a module below `metaflow`; None if flowc has no such module."""
    top, _, inner = module.partition(".")
    return SUBMODULES.get(inner) if top == "metaflow" else None
