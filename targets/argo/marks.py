"""The labels and annotations by which flowc knows its own objects on a cluster, and what a person reads off them.

Labels are what objects are found by; annotations hold what does not fit into a label's 63 characters.
"""

from __future__ import annotations

from typing import Final

from ..names import Names, spell_label

_LONGEST: Final = 63
"""Characters of a label's value."""

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
FLOWC: Final = "flowc"
"""The value of `MANAGED_BY`, and the field manager of what is applied."""

DEPLOYMENT: Final = "flowc/deployment"
"""Label of every object of a deployment and of every run of it: the WorkflowTemplate's name."""

FLOW: Final = "flowc/flow"
"""Annotation: the flow's name as it is in the source and in the datastore. Also a label of the Pods of runs that are started from
somebody's machine, as are the next three: what of it a label takes (`label_of`)."""
RUN: Final = "flowc/run"
"""Annotation and label of such a Pod: the run's id."""
STEP: Final = "flowc/step"
"""Likewise: the step."""
USER: Final = "flowc/user"
"""Likewise: whose run it is."""
PATH: Final = "flowc/path"
"""Annotation of such a Pod: the task's path."""
ATTEMPT: Final = "flowc/attempt"
"""Annotation of such a Pod: how many attempts there were before."""
STEPS: Final = "flowc/steps"
"""Annotation: JSON, by name of a DAG's task the step that it runs, where these differ."""
CODE: Final = "flowc/code"
"""Annotation: the package's key in the datastore, or `contract.CODE_IN_IMAGE`."""
DATASTORE: Final = "flowc/datastore"
"""Annotation: where runs keep their objects."""
RETRIED: Final = "flowc/retried"
"""Annotation of a run: how often `flowc retry` has let it go on after a failure; none: never."""
VERSION: Final = "flowc/version"
"""Annotation: the version of flowc that deployed it."""
STOPPED: Final = "flowc/stopped"
"""Annotation of a run: by whom it was stopped."""


def label_of(value: str) -> str:
    """What stands for a value in a label: itself, if Kubernetes takes that."""
    return Names(_LONGEST, spell_label).of(value)
