"""What the platforms refuse, and the budgets that keep output away from it. Figures are the vendors' published ones."""

from __future__ import annotations

from typing import Final

LOOP_TURNS: Final = 90
"""Turns of a loop, nested ones added up. Argo runs a loop as a recursion of templates, 100 deep at the most."""

NESTING: Final = 40
"""Splits, foreach and loops inside each other. Every level is a template or a state machine of its own."""

ASL_BYTES: Final = 1_000_000
"""A state machine's definition (Step Functions, "Quotas": 1 MB)."""
ASL_STATE_NAME: Final = 80
"""Characters of a state's name (Amazon States Language, "States")."""
BATCH_TIMEOUT_SECONDS: Final = 60
"""The shortest timeout of an attempt that Batch takes."""

ARGO_OBJECT_BYTES: Final = 1_000_000
"""An object in etcd, where a workflow's spec is neither compressed nor offloaded."""
ARGO_TEMPLATES: Final = 200
"""Templates of a workflow (Argo 4's custom resource definitions)."""
ARGO_DAG_TASKS: Final = 200
"""Tasks of a DAG (Argo 4's custom resource definitions)."""
ARGO_NAME: Final = 63
"""Characters of a WorkflowTemplate's name, which becomes a label."""
ARGO_TASK_NAME: Final = 128
"""Characters of a template's or a task's name."""
