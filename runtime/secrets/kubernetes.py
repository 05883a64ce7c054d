"""Secrets of a Kubernetes cluster: one variable for each key. An id is `name`, or `namespace/name`.

In a pod the API server is asked over HTTPS, as the pod's service account, which must be allowed to `get` secrets. Elsewhere
`kubectl` is asked, with the cluster and the rights that it is set up for.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SecretError
from . import Source, as_variables

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds who it is. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/"""


def fetch(source: Source) -> Mapping[str, str]:
    """The secret's variables."""
    namespace, _, name = source.id.rpartition("/")
    document = _from_pod(namespace, name) if os.environ.get("KUBERNETES_SERVICE_HOST") else _from_kubectl(namespace, name)
    try:
        data = {key: base64.b64decode(value).decode() for key, value in (document.get("data") or {}).items()}
    except UnicodeDecodeError:
        raise SecretError("it holds bytes that are no text, which cannot be an environment variable") from None
    except (ValueError, AttributeError):
        raise SecretError("what came is no secret") from None
    return as_variables(data)


def _from_pod(namespace: str, name: str) -> Any:
    import ssl
    from urllib.error import HTTPError, URLError
    from urllib.parse import quote
    from urllib.request import Request, urlopen

    try:
        namespace = namespace or (ACCOUNT / "namespace").read_text().strip()
        token = (ACCOUNT / "token").read_text().strip()
        context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    except OSError as error:
        raise SecretError(f"this pod has no service account to ask with: {error}") from None
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    address = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    url = f"{address}/api/v1/namespaces/{quote(namespace, safe='')}/secrets/{quote(name, safe='')}"
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}), context=context, timeout=30) as answer:
            return json.load(answer)
    except HTTPError as error:
        if error.code == 404:
            raise SecretError(f"the namespace {namespace} has no secret {name}") from None
        if error.code in (401, 403):
            raise SecretError(
                f"the pod's service account may not read the secret {name} in the namespace {namespace}: "
                "it needs a role that can `get` secrets"
            ) from None
        raise SecretError(f"the API server says {error.code} {error.reason}") from None
    except (URLError, OSError, ValueError) as error:
        raise SecretError(f"the API server at {address} cannot be asked: {getattr(error, 'reason', error)}") from None


def _from_kubectl(namespace: str, name: str) -> Any:
    import subprocess

    command = ["kubectl", "get", "secret", "--output=json", *([f"--namespace={namespace}"] if namespace else []), "--", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        raise SecretError("outside of a cluster, secrets of Kubernetes need `kubectl`, which is not installed here") from None
    if done.returncode:
        raise SecretError(f"kubectl says: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return json.loads(done.stdout)
