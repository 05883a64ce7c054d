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
        ),
        *("parallel_map", "resources", "batch", "kubernetes", "retry", "timeout", "catch", "environment", "secrets"),
        *("schedule", "project", "trigger", "trigger_on_finish", "exit_hook", "pypi", "pypi_base", "conda", "conda_base"),
        "card",
    }
)
"""What `from flowc import *` brings."""

NOT_YET: Final = frozenset(
    {
        *("Deployer", "DeployedFlow", "Flow", "FlowMutator", "Metaflow", "MutableFlow"),
        *("MutableStep", "NBDeployer", "NBRunner", "Run", "Runner", "S3", "Step", "StepMutator", "Task", "TriggeredRun"),
        *("cards", "checkpoint", "client", "default_metadata", "default_namespace", "get_aws_client"),
        *("get_metadata", "get_namespace", "huggingface_hub", "load_flow", "metadata", "model", "namespace", "profile"),
        *("pyproject_toml_parser", "requirements_txt_parser", "slurm", "torchrun", "user_step_decorator"),
    }
)
"""Names of Metaflow's that flowc does not have."""

ROOMS: Final = frozenset({"cli", "compiler", "runtime", "targets", "templates"})
"""Packages within flowc, which `import flowc.compiler` finds where flowc is installed whole."""


def is_flowcs(module: str) -> bool:
    """Whether a module is flowc, metaflow, or within one of them."""
    return module.partition(".")[0] in API_MODULES
