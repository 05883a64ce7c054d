"""`@exit_hook`: what runs when a run is over, whichever way, and without a say in how it ended.

A workflow's exit hook is a template that runs last. If it fails, a workflow that succeeded counts as failed; so the hook is a DAG
of one task for each way of ending, and of one that follows them whatever became of them and runs no pod:

    success   when the workflow has succeeded  ┐
    failure   when it has not                  ┴─▶ over

A run that is stopped (`flowc stop`) ends without hooks; one that took longer than the whole run may has them.
"""

from __future__ import annotations

from typing import Any, Final

from ...compiler.ir.nodes import Flow
from ..settings import hooks_of
from .serialise import Inline

EXIT: Final = "run.exit"
HOOK: Final = "run.hook"
"""What stands for the two templates: what is made of a step ends otherwise."""
_ENDED: Final = ("Succeeded", "Failed", "Errored", "Skipped")


def exit_dag(flow: Flow, hook: str, gate: str) -> dict[str, Any] | None:
    """The template of the exit hooks, without its name; None where a flow has none.

    Args:
        flow: The flow.
        hook: The template that runs hooks.
        gate: The template that does nothing.
    """
    on_success, on_failure = hooks_of(flow)
    tasks: list[dict[str, Any]] = []
    for wanted, name, compared in ((on_success, "success", "=="), (on_failure, "failure", "!=")):
        if wanted:
            tasks.append(
                {
                    "name": name,
                    "template": hook,
                    "when": f"'{{{{workflow.status}}}}' {compared} 'Succeeded'",
                    "arguments": Inline(parameters=[Inline(name="hook", value=name)]),
                }
            )
    if not tasks:
        return None
    anyhow = " && ".join("(" + " || ".join(f"{task['name']}.{result}" for result in _ENDED) + ")" for task in tasks)
    return {"dag": {"tasks": [*tasks, {"name": "over", "template": gate, "depends": anyhow}]}}
