"""The names that flowc's face has, and those of Metaflow's that it does not have.

The compiler does not import the face; a test holds these lists to it.
"""

from __future__ import annotations

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
        *("parallel_map", "resources", "batch", "kubernetes", "retry", "timeout", "catch", "environment", "secrets"),
        *("schedule", "project", "trigger", "trigger_on_finish", "exit_hook", "pypi", "pypi_base", "conda", "conda_base"),
        "card",
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
"""Names of Metaflow's that flowc does not have."""

GANGS: Final = frozenset({"parallel", "pytorch_parallel"})
"""Those that go with `num_parallel`."""

ROOMS: Final = frozenset({"cli", "compiler", "runtime", "targets", "templates"})
"""Packages within flowc, which `import flowc.compiler` finds where flowc is installed whole."""


def is_flowcs(module: str) -> bool:
    """Whether a module is flowc, metaflow, or within one of them."""
    return module.partition(".")[0] in API_MODULES
