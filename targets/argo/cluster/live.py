"""What is deployed under a name: its WorkflowTemplate, which new runs are made of, and what that says of the deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from ....runtime import contract
from ...platform import PlatformError
from .. import marks
from .kinds import WORKFLOW_TEMPLATE
from .refusals import ClusterError
from .session import Session

_ALIKE: Final = 5
"""As many deployments of alike names are told, where there is none of the name."""


class Live:
    """What is deployed under a name, asked for once.

    Attributes:
        name: The WorkflowTemplate's name.
    """

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name

    @property
    def where(self) -> str:
        """The WorkflowTemplate, for messages."""
        return f"the WorkflowTemplate {self.name} in the namespace {self._session.namespace}"

    @cached_property
    def template(self) -> dict[str, Any]:
        """The WorkflowTemplate.

        Raises:
            PlatformError: There is none, or it is not flowc's.
        """
        found = self._session.find(WORKFLOW_TEMPLATE, self.name)
        if found is None:
            raise self.not_there()
        if self.name != (found["metadata"].get("labels") or {}).get(marks.DEPLOYMENT):
            raise PlatformError(f"{self.where} was not made by flowc, and is left as it is", setup=True)
        return found

    def demand(self) -> None:
        """Make sure that it is there, and one of flowc's.

        Raises:
            PlatformError: It is not.
        """
        self.template  # noqa: B018  # which raises

    def package(self) -> str | None:
        """The key of the package that new runs use; None: the image holds the flow."""
        code = self.annotations.get(marks.CODE)
        return None if code == contract.CODE_IN_IMAGE else code

    def datastore(self) -> str | None:
        """Where new runs keep their objects; None where it does not say so."""
        return self.annotations.get(marks.DATASTORE) or self._variables.get(contract.DATASTORE)

    @property
    def annotations(self) -> Mapping[str, str]:
        """The WorkflowTemplate's."""
        found: Mapping[str, str] = self.template["metadata"].get("annotations") or {}
        return found

    @property
    def _variables(self) -> dict[str, str]:
        """The variables of the first container."""
        containers = (one["container"] for one in self.template["spec"].get("templates") or () if "container" in one)
        first: Mapping[str, Any] = next(containers, {})
        return {one["name"]: one.get("value", "") for one in first.get("env") or ()}

    def not_there(self) -> PlatformError:
        """What to say where there is no such WorkflowTemplate, with the deployments of alike names."""
        session, wanted = self._session, self.name
        try:
            session.demand_argo()
        except ClusterError as error:
            return error
        try:
            near = [one for one in self._deployments() if wanted in one or one in wanted]
        except ClusterError:
            near = []
        others = f" (there {'is' if len(near) == 1 else 'are'} {', '.join(sorted(near)[:_ALIKE])})" if near else ""
        return PlatformError(
            f"there is no WorkflowTemplate {wanted} in the {session.where}{others}: `flowc deploy` makes it, --namespace and "
            "--context say where to look, and --branch or --production which one of a project",
            setup=True,
        )

    def _deployments(self) -> Iterator[str]:
        for one in self._session.pages(WORKFLOW_TEMPLATE, labels=marks.DEPLOYMENT, metadata=True):
            if one["metadata"]["labels"].get(marks.DEPLOYMENT) == one["metadata"]["name"]:
                yield one["metadata"]["name"]
