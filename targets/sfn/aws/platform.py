"""AWS Step Functions as a `Platform`: one account and region, and the options of one deployment."""

from __future__ import annotations

from functools import cached_property

from ....compiler.ir.nodes import Flow
from ...options import Options
from ...platform import Proposal, Upload
from ..deployment import machine_name, name_of
from .deploy import propose_deploy, propose_rollback
from .executions import MachineRuns
from .session import Session
from .undeploy import propose_undeploy


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

    def propose_deploy(self, flow: Flow, upload: Upload, *, overwrite: bool = False) -> Proposal:
        """Uploads, job definitions, the machine and its alias, the schedule and rules."""
        return propose_deploy(self.session, flow, self.options, upload, overwrite=overwrite)

    def propose_rollback(self, name: str, version: int | None) -> Proposal:
        """The alias."""
        return propose_rollback(self.session, name, version)

    def propose_undeploy(self, name: str, *, stop: bool = False) -> Proposal:
        """All of them but the uploads."""
        return propose_undeploy(self.session, name, stop=stop)

    def name_of(self, flow: Flow) -> str:
        """The state machine's name."""
        return name_of(flow, self.options)

    def spell(self, name: str) -> str:
        """The name of the state machine of a flow, or of a project's flow as `project.branch.Flow`."""
        return machine_name(name)

    def executions(self, name: str) -> MachineRuns:
        """The executions of the state machine of this name."""
        return MachineRuns(self.session, name)


def connect(options: Options) -> StepFunctions:
    """The control plane with these options. Makes no connection."""
    return StepFunctions(options)
