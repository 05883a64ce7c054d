"""Metaflow's names: in which modules people find those that flowc has too, and what to do about the rest.

Checks say it and so does `flowc migrate`, in the same words.
"""

from __future__ import annotations

MODULE = "metaflow"
OURS = "flowc"

CLIENT = frozenset(
    {"DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "get_metadata", "get_namespace", "metadata", "namespace"}
)
CLIENT |= {"default_metadata", "default_namespace"}

ELSEWHERE: dict[str, frozenset[str]] = {
    "metaflow.client": CLIENT,
    "metaflow.client.core": CLIENT,
    "metaflow.current": frozenset({"current"}),
    "metaflow.decorators": frozenset({"step"}),
    "metaflow.flowspec": frozenset({"FlowSpec"}),
    "metaflow.includefile": frozenset({"IncludeFile"}),
    "metaflow.metaflow_current": frozenset({"current"}),
    "metaflow.multicore_utils": frozenset({"parallel_map"}),
    "metaflow.parameters": frozenset({"JSONType", "Parameter"}),
    "metaflow.user_configs.config_parameters": frozenset({"Config", "config_expr"}),
}
"""Modules of Metaflow's that people import from, though the names are in `metaflow` itself."""

_START = "start `flowc run FILE` as a process instead"
_MUTATE = "flowc reads decorators as they stand in the source: write out what the mutator would change"
_CARDS = "flowc draws no cards yet: write the report as an artifact"
_DISTRIBUTED = "flowc has no clusters of tasks: start the processes in one step"

WHAT_TO_DO: dict[str, str] = {
    "client": "import it from `metaflow` itself, as in `from metaflow import Run`",
    "inspect_spin": "say where to look, as in `Task(…, datastore=…)`",
    **dict.fromkeys(("Runner", "NBRunner"), _START),
    **dict.fromkeys(
        ("Deployer", "NBDeployer", "DeployedFlow", "TriggeredRun"),
        "write documents with `flowc compile`, and apply them yourself",
    ),
    **dict.fromkeys(("FlowMutator", "MutableFlow", "MutableStep", "StepMutator"), _MUTATE),
    "user_step_decorator": "call a plain function in the step",
    **dict.fromkeys(("cards", "Card"), _CARDS),
    **dict.fromkeys(("parallel", "torchrun", "slurm", "metaflow_ray", "UBF_CONTROL", "UBF_TASK"), _DISTRIBUTED),
    "S3": "read and write objects with boto3",
    "get_aws_client": "make the client with boto3",
    "ConfigValue": "a config's value is a mapping: leave the name out",
    "pyproject_toml_parser": "give `Config` a parser of your own",
    "requirements_txt_parser": "give `Config` a parser of your own",
    "profile": "measure with time.perf_counter",
    "load_flow": _START,
}
"""By name, of `metaflow` or of the module below it."""

OTHERWISE = "do without it in what flowc runs"


def instead(name: str) -> str | None:
    """What to write instead of a name of Metaflow's, or of `metaflow.` and a module, where there is something to say of it."""
    parts = name.removeprefix(f"{MODULE}.").split(".")
    for part in reversed(parts):
        if part in WHAT_TO_DO:
            return WHAT_TO_DO[part]
    if parts[0] == "exception":
        return "catch the error that the step's own code raises"
    return None


def what_to_do(name: str) -> str:
    """What to write instead, of whatever name."""
    return instead(name) or OTHERWISE


def is_within(module: str) -> bool:
    """Whether a module is `metaflow` or in it."""
    return module == MODULE or module.startswith(f"{MODULE}.")
