"""Requests to the API server of one cluster, in one namespace.

    session = Session(context=None, namespace=None)
    template = session.ask("GET", session.path(WORKFLOW_TEMPLATE, "sums"))      # raises ClusterError

Paths and JSON as the API has them: the package's models of objects know neither Argo's, nor what server-side apply leaves out.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from .credentials import Credentials, find_credentials
from .kinds import WORKFLOW_TEMPLATE, Kind
from .refusals import BUSY, ClusterError, CredentialsError, refused, unasked

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
_METADATA_ONLY: Final = "application/json;as={many};g=meta.k8s.io;v=v1,application/json"

_WAITS: Final = (0.25, 1.0, 3.0)
"""Seconds before a request is made again that the cluster had no time for, or that broke."""
_LONGEST: Final = 30.0
"""Seconds that are waited at the most where the cluster says itself how long."""
_CONNECT: Final = 10.0
_READ: Final = 60.0
_HASTY_READ: Final = 30.0
"""Seconds for an answer: webhooks of the cluster may take that long, too."""
_PAGE: Final = 500


_NOT_YAML: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What JSON may hold as it is, and YAML may not, or takes for the end of a line."""


def text_of(body: Mapping[str, Any]) -> str:
    """A body as JSON that is YAML as well, as which the API server reads what is applied: there, no escape is half a one."""
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(body, ensure_ascii=False))


class Session:
    """What a cluster is asked with. Nothing is read, and no connection made, before something is asked for.

    Args:
        hasty: Whether whoever asks tries again as well: then what is not answered in time is given up sooner.

    Attributes:
        context: The context of kubeconfig that was asked for, or None.
    """

    def __init__(self, *, context: str | None = None, namespace: str | None = None, hasty: bool = False) -> None:
        self.context = context
        self._namespace = namespace
        self._hasty = hasty

    @cached_property
    def credentials(self) -> Credentials:
        """Which cluster, and who asks it.

        Raises:
            ClusterError: There are none.
        """
        return find_credentials(self.context)

    @property
    def namespace(self) -> str:
        """The namespace: the one asked for, else the context's, in a cluster the pod's own, else `default`."""
        return self._namespace or self.credentials.namespace

    @property
    def where(self) -> str:
        """Namespace and cluster, for people."""
        context = self.credentials.context
        return f"namespace {self.namespace}" + (f", context {context}" if context else f", cluster {self.credentials.server}")

    def path(self, kind: Kind, name: str | None = None) -> str:
        """Where an object of the namespace is, or all of a kind."""
        return kind.path(self.namespace, name)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
        form: str = "application/json",
        accept: str = "application/json",
    ) -> dict[str, Any]:
        """Make a request, again where the cluster had no time or the connection broke: it may then have been heard twice.

        Args:
            form: What kind of body it is, such as `APPLY`, `MERGE`.

        Raises:
            ClusterError: It was refused, or there was no answer.
        """
        headers = {"Accept": accept} | ({"Content-Type": form} if body is not None else {})
        data = self._data(method, path, body, query, headers)
        try:
            answer: dict[str, Any] = json.loads(data)
        except ValueError:
            raise ClusterError(
                f"{self.credentials.server} is no API server of Kubernetes: it answers without JSON", setup=True
            ) from None
        return answer

    def find(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """An object of the namespace, or None.

        Raises:
            ClusterError: It cannot be asked for, as where the cluster knows no such kind.
        """
        try:
            return self.ask("GET", self.path(kind, name))
        except ClusterError as error:
            if error.missing:
                return None
            raise

    def is_there(self, kind: Kind, name: str) -> bool:
        """Whether there is such an object, of which nothing else is looked at."""
        try:
            self.ask("GET", self.path(kind, name), accept=_METADATA_ONLY.format(many="PartialObjectMetadata"))
        except ClusterError as error:
            if error.missing:
                return False
            raise
        return True

    def pages(
        self, kind: Kind, *, labels: str | None = None, metadata: bool = False, page: int = _PAGE
    ) -> Iterator[dict[str, Any]]:
        """All objects of a kind in the namespace, as they are asked for.

        Args:
            labels: A selector: only those that have these.
            metadata: Whether their metadata are enough.
            page: How many there are in one answer.

        Raises:
            ClusterError: One request was refused.
        """
        query: dict[str, str | int] = {"limit": page} | ({"labelSelector": labels} if labels else {})
        accept = _METADATA_ONLY.format(many="PartialObjectMetadataList") if metadata else "application/json"
        while True:
            answer = self.ask("GET", self.path(kind), query=query, accept=accept)
            yield from answer.get("items") or ()
            token = (answer.get("metadata") or {}).get("continue")
            if not token:
                return
            query["continue"] = token

    def text(self, path: str, *, query: Mapping[str, str | int] | None = None) -> str:
        """An answer that is text, such as a log.

        Raises:
            ClusterError: It was refused.
        """
        return self._data("GET", path, None, query, {"Accept": "*/*"}).decode("utf-8", "replace")

    def lines(self, path: str, *, query: Mapping[str, str | int] | None = None, silence: float | None = None) -> Iterator[bytes]:
        """The lines of an answer as they come, as of a watch. It is asked at once, and not only for the first line.

        Args:
            silence: Seconds after which an answer without news is an error; None: it may be silent for ever.

        Raises:
            ClusterError: It was refused, or breaks.
        """
        return self._lines(self._response("GET", path, None, query, {"Accept": "*/*"}, silence))

    def _lines(self, response: Any) -> Iterator[bytes]:
        from urllib3.exceptions import HTTPError

        try:
            kept = b""
            for part in response.stream(65536, decode_content=True):
                *whole, kept = (kept + part).split(b"\n")
                yield from whole
            if kept:
                yield kept
        except HTTPError as error:
            raise unasked(error, self.credentials.server) from None
        finally:
            response.close()

    def demand_argo(self) -> None:
        """Make sure that there is such a namespace, and Argo in the cluster.

        Raises:
            ClusterError: There is not.
        """
        self.ask(
            "GET",
            self.path(WORKFLOW_TEMPLATE),
            query={"limit": 1},
            accept=_METADATA_ONLY.format(many="PartialObjectMetadataList"),
        )
        self.demand_namespace()

    def demand_namespace(self) -> None:
        """Make sure that there is such a namespace.

        Raises:
            ClusterError: There is not.
        """
        try:
            self.ask("GET", f"/api/v1/namespaces/{self.namespace}")
        except ClusterError as error:
            if not error.denied:  # whoever has a namespace need not see which there are
                raise

    def _renew(self) -> None:
        """Read kubeconfig anew, of the same context: somebody may have logged in again since."""
        before = self.credentials
        self.__dict__["credentials"] = replace(find_credentials(before.context), namespace=before.namespace)
        self.__dict__.pop("_pool", None)

    @cached_property
    def _pool(self) -> Any:
        from kubernetes.client.rest import RESTClientObject

        try:
            return RESTClientObject(self.credentials.configuration).pool_manager
        except Exception as error:  # of certificates and proxies that make no sense
            raise unasked(error, self.credentials.server) from None

    def _data(self, method: str, path: str, body: Any, query: Mapping[str, str | int] | None, headers: dict[str, str]) -> bytes:
        """The whole of an answer."""
        from urllib3.exceptions import HTTPError

        for wait in (*_WAITS, None):
            response = self._response(method, path, body, query, headers, _HASTY_READ if self._hasty else _READ)
            try:
                data: bytes = response.data
                return data
            except HTTPError as error:  # it broke off in the middle
                if wait is None:
                    raise unasked(error, self.credentials.server) from None
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _response(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, str | int] | None,
        headers: dict[str, str],
        read: float | None,
    ) -> Any:
        """An answer that is none of a fault, and of which nothing was read yet."""
        try:
            return self._asked(method, path, body, query, headers, read)
        except CredentialsError:
            self._renew()
            return self._asked(method, path, body, query, headers, read)

    def _asked(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, str | int] | None,
        headers: dict[str, str],
        read: float | None,
    ) -> Any:
        from urllib3 import Timeout
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

        server = self.credentials.server
        url = server + path + (f"?{urlencode(query)}" if query else "")
        data = text_of(body).encode() if body is not None else None
        for wait in (*_WAITS, None):
            asking = {**headers, **self.credentials.headers(), "User-Agent": "flowc"}
            try:
                response = self._pool.request(
                    method,
                    url,
                    body=data,
                    headers=asking,
                    preload_content=False,
                    retries=False,
                    timeout=Timeout(connect=_CONNECT, read=read),
                )
            except HTTPError as error:
                # A new connection is refused where the API server is just restarted; it says itself how often it is too slow.
                again = isinstance(error, ProtocolError | NewConnectionError | ReadTimeoutError)
                late = isinstance(error, ConnectTimeoutError) or (self._hasty and isinstance(error, ReadTimeoutError))
                if wait is None or not again or late:
                    raise unasked(error, server) from None
                time.sleep(wait)
                continue
            if response.status < 300:
                return response
            with response:
                text = response.read().decode("utf-8", "replace")
            if wait is None or response.status not in BUSY:
                raise refused(response.status, text, method=method, path=path, of=self.credentials.of, server=server)
            time.sleep(_pause(response.headers.get("Retry-After"), wait))
        raise AssertionError("the last attempt returns or raises")


def _pause(said: str | None, wait: float) -> float:
    """Seconds to wait: what the cluster says, if that is not too long."""
    return min(float(said), _LONGEST) if said is not None and said.isdigit() else wait
