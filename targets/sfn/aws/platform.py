"""AWS Step Functions as a `Platform`: one account and region, and the options of one deployment."""

from __future__ import annotations

from functools import cached_property

from ....compiler.diagnostics.model import Report
from ....compiler.ir.nodes import Flow
from ...names import Names, spell_word
from ...options import Options
from ..deployment import MACHINE_NAME, deployment_of
from .executions import MachineRuns
from .session import Session


class StepFunctions:
    """The control plane of flows on AWS.

    Attributes:
        options: What decides about a deployment.
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    @cached_property
    def session(self) -> Session:
        """Clients of the account and region that the environment names."""
        return Session()

    def name_of(self, flow: Flow) -> str:
        """The state machine's name."""
        return deployment_of(flow, self.options, Report()).name

    def spell(self, name: str) -> str:
        """The name of the state machine of a flow, or of a project's flow as `project.branch.Flow`."""
        return Names(MACHINE_NAME, spell_word).of(name)

    def executions(self, name: str) -> MachineRuns:
        """The executions of the state machine of this name."""
        return MachineRuns(self.session, name)


def connect(options: Options) -> StepFunctions:
    """The control plane with these options. Makes no connection."""
    return StepFunctions(options)
