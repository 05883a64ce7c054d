"""AWS Step Functions as a `Platform`: one account and region, and the options of one deployment."""

from __future__ import annotations

from functools import cached_property

from ...options import Options
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


def connect(options: Options) -> StepFunctions:
    """The control plane with these options. Makes no connection."""
    return StepFunctions(options)
