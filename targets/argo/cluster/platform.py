"""Argo Workflows as a `Platform`: one namespace of a cluster, and the options of one deployment."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ....compiler.ir.nodes import Flow
from ...options import Options
from ...platform import PlatformError, Proposal, Upload
from ..metadata import name_of, template_name
from .session import Session

if TYPE_CHECKING:
    from .executions import WorkflowRuns


class ArgoWorkflows:
    """The control plane of flows on a cluster.

    Attributes:
        options: What decides about a deployment.
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    @cached_property
    def session(self) -> Session:
        """Requests to the cluster that the options and the environment name."""
        return Session(context=self.options.context, namespace=self.options.namespace)

    def propose_deploy(self, flow: Flow, upload: Upload, *, overwrite: bool = False) -> Proposal:
        """Uploads, and the objects of the deployment."""
        from .deploy import propose_deploy

        return propose_deploy(self.session, flow, self.options, upload, overwrite=overwrite)

    def propose_rollback(self, name: str, version: int | None) -> Proposal:
        """Nothing: a WorkflowTemplate has no versions.

        Raises:
            PlatformError: Always.
        """
        raise PlatformError(
            f"on Argo a deployment has no older versions: deploy again the commit that {name} was made of before",
            setup=True,
        )

    def propose_undeploy(self, name: str, *, stop: bool = False) -> Proposal:
        """All of the deployment's objects."""
        from .undeploy import propose_undeploy

        return propose_undeploy(self.session, name, stop=stop)

    def name_of(self, flow: Flow) -> str:
        """The WorkflowTemplate's name."""
        return name_of(flow, self.options)

    def spell(self, name: str) -> str:
        """The name of the WorkflowTemplate of a flow, or of a project's flow as `project.branch.Flow`."""
        return template_name(name)

    def executions(self, name: str) -> WorkflowRuns:
        """The runs of the deployment of this name."""
        from .executions import WorkflowRuns

        return WorkflowRuns(self.session, name, self.options.argo_url)


def connect(options: Options) -> ArgoWorkflows:
    """The control plane with these options. Makes no connection."""
    return ArgoWorkflows(options)
