"""What the tests on a cluster are told, by variables: which cluster, where in it, and where runs keep their objects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from servers import s3_missing

from flowc.targets.options import DEFAULT_IMAGE

_NAMESPACE = "FLOWC_E2E_NAMESPACE"
_HOST = "FLOWC_E2E_S3_HOST"
_DATASTORE = "FLOWC_E2E_DATASTORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What there is to test on.

    Attributes:
        kubeconfig: The file that names the cluster.
        context: Which of that file's contexts; None: its current one.
        namespace: Where flows are deployed.
        service_account: Whose rights pods have; None: the tests make one, as `flowc compile --with-rbac` says.
        image: What tasks run in.
        datastore: Where runs keep their objects, with the AWS variables of the shell; None: on a server that the tests start.
        host: This machine's address as pods reach it, for that server.
        keep: Whether what was deployed stays there.
    """

    kubeconfig: str
    context: str | None
    namespace: str
    service_account: str | None
    image: str
    datastore: str | None
    host: str | None
    keep: bool

    @property
    def plain_image(self) -> bool:
        """Whether tasks run in an image of nothing but Python."""
        return self.image == DEFAULT_IMAGE


def read_settings(variables: Mapping[str, str] = os.environ) -> Settings | str:
    """The settings, or why there can be no tests."""
    kubeconfig = variables.get("FLOWC_E2E_KUBECONFIG") or variables.get("KUBECONFIG")
    if not kubeconfig:
        return "no cluster: FLOWC_E2E_KUBECONFIG or KUBECONFIG names one (tests/e2e/README.md)"
    if not variables.get(_NAMESPACE):
        return f"no namespace: {_NAMESPACE} names one in which these tests may do anything (tests/e2e/README.md)"
    datastore, host = variables.get(_DATASTORE), variables.get(_HOST)
    if not datastore and not host:
        return (
            f"nowhere to keep objects: {_HOST} says by which of its addresses pods reach this machine, or {_DATASTORE} names a "
            "place in S3 (tests/e2e/README.md)"
        )
    if not datastore and (why := s3_missing()):
        return f"nowhere to keep objects: {why}"
    return Settings(
        kubeconfig=kubeconfig,
        context=variables.get("FLOWC_E2E_CONTEXT") or None,
        namespace=variables[_NAMESPACE],
        service_account=variables.get("FLOWC_E2E_SERVICE_ACCOUNT") or None,
        image=variables.get("FLOWC_E2E_IMAGE") or DEFAULT_IMAGE,
        datastore=datastore or None,
        host=host or None,
        keep=bool(variables.get("FLOWC_E2E_KEEP")),
    )
