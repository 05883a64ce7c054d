"""What `@project` makes of a flow: a deployment of its own for each branch of the project.

@project(name="sums")  class Sum     with --branch x: `sums.test.x.Sum`;  with --production: `sums.prod.Sum`
"""

from __future__ import annotations

from dataclasses import dataclass

from ..compiler.ir.nodes import Flow
from ..runtime import contract
from .options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A flow's place in its project.

    Attributes:
        name: The project.
        branch: The full name of its branch: `prod`, `prod.x`, `test.x`, `user.name`.
        known: Something says which branch it is: the flow, an option, or at least whose it is.
        environment: The variables by which tasks know their branch, where the flow does not say it.
    """

    name: str
    branch: str
    known: bool
    environment: tuple[tuple[str, str], ...]

    def name_of(self, flow: str) -> str:
        """What a flow is called in the same branch."""
        return contract.project_flow_name(self.name, self.branch, flow)


def project_of(flow: Flow, options: Options) -> Project | None:
    """The place of a flow that has `@project`, or None. What the flow says counts more than what options say, as in a run."""
    said = next((dict(one.arguments) for one in flow.decorators if one.name == "project"), None)
    if said is None:
        return None
    environment = []
    branch, production = said.get("branch"), said.get("production")
    if not branch and options.branch:
        branch = options.branch
        environment.append((contract.BRANCH, options.branch))
    if production is None and options.production:
        production = True
        environment.append((contract.PRODUCTION, "1"))
    users = not branch and not production
    if users and options.user:
        environment.append((contract.USER, options.user))
    return Project(
        name=str(said["name"]),
        branch=contract.project_branch(str(branch) if branch else None, production=bool(production), user=options.user),
        known=not users or bool(options.user),
        environment=tuple(environment),
    )
