"""Who flowc is to which cluster: a context of kubeconfig, or within a cluster the service account of its pod.

The package kubernetes reads all of that, as `kubectl` does: `KUBECONFIG`, `~/.kube/config`, tokens, certificates, programs that
fetch credentials (`exec`). Of its thousand models of objects nothing is used.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .refusals import ClusterError, CredentialsError, one_line

IN_CLUSTER: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_DEFAULT: Final = "~/.kube/config"
_NAMESPACE: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CONNECTIONS: Final = 16
"""As many are kept for further requests: more than are used at a time."""
_SHOWN: Final = 8
"""As many contexts are named, where the one that was asked for is none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A cluster, and who asks it.

    Attributes:
        context: The context of kubeconfig; None: it is the cluster in which this runs.
        namespace: The namespace that counts where none is named.
        configuration: The package's `Configuration`.
    """

    context: str | None
    namespace: str
    configuration: Any = field(repr=False)

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self.configuration.host).rstrip("/")

    @property
    def of(self) -> str:
        """Whose they are, for messages: ` of the context kind`."""
        return f" of the context {self.context}" if self.context else " of this pod's service account"

    def headers(self) -> dict[str, str]:
        """What a request says of who asks; renewed where it has expired.

        Raises:
            ClusterError: They cannot be renewed.
        """
        with _explained(self.of):
            settings = self.configuration.auth_settings().values()
        found = {str(one["key"]): str(one["value"]) for one in settings if one["in"] == "header" and one["value"]}
        if not all(text.isascii() and text.isprintable() for text in found.values()):
            why = "hold characters that no token has: log in to the cluster again"
            raise CredentialsError(f"the credentials{self.of} {why}", setup=True)
        return found


def find_credentials(context: str | None) -> Credentials:
    """Those of a context; None: the current one, or in a cluster without a kubeconfig that cluster's.

    Raises:
        ClusterError: There are none, or what kubeconfig says makes no sense.
    """
    try:
        import kubernetes.client
        import kubernetes.config
    except ImportError as error:
        raise ClusterError(
            f"Kubernetes is asked through the package kubernetes, which cannot be imported ({error}): `pip install kubernetes`",
            setup=True,
        ) from None
    files = os.environ.get("KUBECONFIG") or _DEFAULT
    there = any(Path(one).expanduser().exists() for one in files.split(os.pathsep) if one)
    configuration = kubernetes.client.Configuration()
    configuration.connection_pool_maxsize = _CONNECTIONS
    if not there and context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        with _explained(" of this pod's service account"):
            kubernetes.config.load_incluster_config(client_configuration=configuration)
        return Credentials(context=None, namespace=_own_namespace(), configuration=configuration)
    if not there:
        named = bool(os.environ.get("KUBECONFIG"))
        said = f"the file {files}, which KUBECONFIG names, is not there" if named else f"there is no {files}"
        raise ClusterError(f"no cluster is named: {said}: set KUBECONFIG to the kubeconfig of your cluster", setup=True)
    with _explained("", files):
        contexts, current = _contexts(files)
    name = _chosen(contexts, current, context, files)
    with _explained(f" of the context {name}", files):
        kubernetes.config.load_kube_config(config_file=files, context=name, client_configuration=configuration)
    if not re.match("https?://", configuration.host):
        raise ClusterError(
            f"{files}: the server of the context {name} is {configuration.host!r}: it must begin with https://", setup=True
        )
    if not _NAMESPACE.fullmatch(contexts[name]):
        raise ClusterError(
            f"{files}: the namespace of the context {name} is {contexts[name]!r}, which no namespace is called", setup=True
        )
    return Credentials(context=name, namespace=contexts[name], configuration=configuration)


def _contexts(files: str) -> tuple[dict[str, str], str | None]:
    """The contexts of kubeconfig with their namespaces, and which is the current one.

    Of several files the first that says something counts, as for `kubectl`:
    https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
    """
    import yaml

    contexts: dict[str, str] = {}
    current: str | None = None
    for one in files.split(os.pathsep):
        path = Path(one).expanduser()
        if not one or not path.exists():
            continue
        if path.is_dir():
            raise ClusterError(f"KUBECONFIG names the folder {one}, and not a kubeconfig", setup=True)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ClusterError(f"{one}, which KUBECONFIG names, is no kubeconfig: it is not text in UTF-8", setup=True) from None
        config = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
        if not isinstance(config, dict):
            raise ClusterError(f"{one}, which KUBECONFIG names, is no kubeconfig", setup=True)
        _demand_form(config, one)
        for context in config.get("contexts") or ():
            contexts.setdefault(str(context["name"]), str((context.get("context") or {}).get("namespace") or "default"))
        current = current or config.get("current-context")
    return contexts, current


def _demand_form(config: dict[Any, Any], file: str) -> None:
    """Make sure that lists are lists, of what has names, which the package kubernetes takes for granted.

    Raises:
        ClusterError: They are not.
    """
    for key, what in (("contexts", "context"), ("clusters", "cluster"), ("users", "user")):
        listed = config.get(key) or []
        for one in listed if isinstance(listed, list) else [None]:
            inner = one.get(what) if isinstance(one, dict) and isinstance(one.get("name"), str) else ""
            server = inner.get("server", "") if isinstance(inner, dict) else ""
            if not isinstance(inner, dict | None) or not isinstance(server, str):
                why = f"`{key}` is no list of {key}, each with its `name` and `{what}`"
                raise ClusterError(f"{file} is no kubeconfig: {why}", setup=True)


def _chosen(contexts: dict[str, str], current: str | None, wanted: str | None, files: str) -> str:
    """The name of the context that is meant.

    Raises:
        ClusterError: There is none of that name, or none is named.
    """
    chosen = wanted if wanted is not None else current
    names = sorted(contexts)
    known = f"{', '.join(names[:_SHOWN])}{', …' if names[_SHOWN:] else ''}" if names else "none"
    if not chosen:
        raise ClusterError(f"{files} names no current context: say --context, of which there are: {known}", setup=True)
    if chosen in contexts:
        return chosen
    near = difflib.get_close_matches(chosen, names, 1)
    guess = f"did you mean {near[0]}?" if near else f"there are: {known}"
    which = "" if wanted is not None else ", which is its current one"
    raise ClusterError(f"{files} has no context {chosen}{which}: {guess}", setup=True)


def _own_namespace() -> str:
    """The namespace of the pod in which this runs."""
    try:
        return (IN_CLUSTER / "namespace").read_text(encoding="utf-8").strip() or "default"
    except OSError:
        return "default"


@contextmanager
def _explained(of: str, files: str | None = None) -> Iterator[None]:
    """Turn what the package kubernetes raises, or only logs, into a `ClusterError`."""
    from yaml import YAMLError

    where = f"{files} makes no sense" if files else f"the credentials{of} cannot be had"
    heard = _Heard()
    root = logging.getLogger()
    root.addHandler(heard)
    try:
        yield
    except ClusterError:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        said = one_line(str(getattr(error, "problem", None) or error))
        raise ClusterError(f"{files} is no YAML{line}: {said}", setup=True) from None
    except Exception as error:  # of credentials that are not as the package expects them: it raises what it comes upon
        said = one_line(str(error)) or type(error).__name__
        raise CredentialsError(f"{where}: {said}", setup=True) from None
    finally:
        root.removeHandler(heard)
    if heard.lines:
        raise CredentialsError(f"the credentials{of} cannot be had: {heard.lines[-1]}: log in to the cluster again", setup=True)


class _Heard(logging.Handler):
    """What the package logs as an error where it goes on without credentials, as when a program that fetches them fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(one_line(record.getMessage()).rstrip("."))
