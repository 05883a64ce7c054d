"""`@secrets`: where they come from, what they become, what is said when they do not, and that nothing shows a value."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from flowc.compiler.frontend.decorator_table import SECRET_TYPES
from flowc.runtime.errors import SecretError
from flowc.runtime.plan import Decorator, Step
from flowc.runtime.secrets import PROVIDERS, Source, kubernetes, set_secrets

SECRET = "s3cr3t-v4lue"


def flow(*sources: object, more: str = "") -> str:
    return f"""
        import os
        from flowc import *

        class Secretive(FlowSpec):
            @secrets(sources={list(sources)!r}{more})
            @step
            def start(self):
                self.found = {{name: os.environ.get(name) for name in ("USER_NAME", "PASS", "OTHER", "blob")}}
                self.next(self.end)

            @step
            def end(self):
                self.later = "PASS" in os.environ
        """


def inline(**variables: str) -> dict[str, object]:
    return {"type": "inline", "id": "x", "options": {"env_vars": variables}}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER_NAME", "PASS", "OTHER", "blob", "KUBERNETES_SERVICE_HOST", "FLOWC_SECRETS_TYPE"):
        monkeypatch.delenv(name, raising=False)


def fetch(source: object, **arguments: object) -> None:
    decorator = Decorator("secrets", {"sources": [source], **arguments})
    set_secrets(Step("s", False, (), (), (), (), (), (decorator,), ""))


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler], tuple[int, object]], context: ssl.SSLContext | None = None
) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = answer(self)
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_variables_are_in_the_steps_process_and_nowhere_else(write: Any) -> None:
    written = write(flow(inline(PASS=SECRET), inline(OTHER="2")))
    ran = written.done()
    assert ran.value("start", "found") == {"USER_NAME": None, "PASS": SECRET, "OTHER": "2", "blob": None}
    assert ran.value("end", "later") is False
    assert SECRET not in ran.out + ran.err
    assert "PASS" not in os.environ
    assert written.orchestrated("c").value("start", "found")["PASS"] == SECRET


def test_in_one_process_they_are_gone_after_the_task(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "mine")
    before = dict(os.environ)
    written = write(flow(inline(PASS=SECRET, OTHER="theirs"), more=", allow_override=True"))
    ran = written.done(method="inline")
    assert ran.value("start", "found") == {"USER_NAME": None, "PASS": SECRET, "OTHER": "theirs", "blob": None}
    assert ran.value("end", "later") is False
    assert dict(os.environ) == before
    assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize(
    ("sources", "more", "words"),
    [
        ([inline(PASS="1"), inline(PASS="2")], "", "both `inline.x` and `inline.x` have a variable PASS"),
        ([inline(PATH="1")], "", "source `inline.x`: the environment has a variable PATH already; allow_override=True"),
        ([inline(FLOWC_RUN="1")], "", "a variable FLOWC_RUN cannot be set"),
        ([{**inline(), "options": {"env_vars": {"a-b": "1"}}}], "", "'a-b' is no name for an environment variable"),
        (["bare"], "", "source `bare`: it names no type"),
    ],
)
def test_what_cannot_be_set_fails_the_step_with_its_name(write: Any, sources: list[object], more: str, words: str) -> None:
    ran = write(flow(*sources, more=more)).failed("@secrets of step `start`", words)
    assert "Traceback" not in ran.err


def test_an_override_that_is_allowed(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASS", "old")
    assert write(flow(inline(PASS="new"), more=", allow_override=True")).done().value("start", "found")["PASS"] == "new"


def test_one_process_may_be_given_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASS", "")
    monkeypatch.delenv("PASS")
    fetch(inline(PASS="1"))
    fetch(inline(PASS="2"))
    assert os.environ["PASS"] == "2"
    monkeypatch.setenv("PASS", "mine")
    with pytest.raises(SecretError, match="already"):
        fetch(inline(PASS="3"))


def test_the_compiler_knows_the_same_types() -> None:
    assert tuple(SECRET_TYPES) == tuple(PROVIDERS)


VALUES: dict[str, dict[str, object]] = {
    "json": {"SecretString": json.dumps({"USER-NAME".replace("-", "_"): "ada", "PASS": SECRET, "OTHER": 3})},
    "text": {"SecretString": SECRET},
    "blob": {"SecretBinary": base64.b64encode(b"\x00\x01").decode()},
    "twice": {"SecretString": json.dumps({"a.b": SECRET, "a-b": SECRET})},
}


def aws(handler: BaseHTTPRequestHandler) -> tuple[int, object]:
    asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))["SecretId"]
    if asked not in VALUES:
        return 400, {"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the specified secret."}
    return 200, {"Name": asked, **VALUES[asked]}


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pytest.importorskip("boto3")
    with serving(aws) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{port}")
        for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", "eu-north-1")):
            monkeypatch.setenv(f"AWS_{name}", value)
        yield


@pytest.mark.usefixtures("secrets_manager")
def test_aws_secrets_manager(write: Any) -> None:
    text = {"type": "aws-secrets-manager", "id": "text", "options": {"json": False, "env_var_name": "USER_NAME"}}
    found = write(flow("aws-secrets-manager.blob", text)).done().value("start", "found")
    assert found == {"USER_NAME": SECRET, "PASS": None, "OTHER": None, "blob": "AAE="}
    found = write(flow("aws-secrets-manager.json")).done().value("start", "found")
    assert found == {"USER_NAME": "ada", "PASS": SECRET, "OTHER": "3", "blob": None}


@pytest.mark.usefixtures("secrets_manager")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nosuch", "source `aws-secrets-manager.nosuch`: AWS says ResourceNotFoundException: Secrets Manager can't find"),
        ("text", "it is no JSON object; with options="),
        ("twice", "two of its fields make a variable a_b"),
    ],
)
def test_what_goes_wrong_with_aws(write: Any, name: str, words: str) -> None:
    ran = write(flow(f"aws-secrets-manager.{name}")).failed(words)
    assert SECRET not in ran.out + ran.err + json.dumps(ran.failure("start").to_json())


def kubernetes_server(handler: BaseHTTPRequestHandler) -> tuple[int, object]:
    if handler.headers["Authorization"] != "Bearer token":
        return 403, {}
    if handler.path != "/api/v1/namespaces/here/secrets/database":
        return 404, {}
    return 200, {"data": {"PASS": base64.b64encode(SECRET.encode()).decode(), "user-name": base64.b64encode(b"ada").decode()}}


def test_kubernetes_in_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out ca.crt -days 2 -subj /CN=127.0.0.1 -addext"
    subprocess.run([*command.split(), "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "token").write_text("token")
    (tmp_path / "namespace").write_text("here")
    monkeypatch.setattr(kubernetes, "ACCOUNT", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.crt", tmp_path / "key")
    with serving(kubernetes_server, context) as port:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
        for name in ("database", "here/database"):
            assert kubernetes.fetch(Source("kubernetes", name, {}, None)) == {"PASS": SECRET, "user_name": "ada"}
        with pytest.raises(
            SecretError, match=r"^@secrets of step `s`, source `kubernetes.x`: the namespace here has no secret x$"
        ):
            fetch("kubernetes.x")
        (tmp_path / "token").write_text("another")
        with pytest.raises(SecretError, match="may not read the secret database in the namespace here"):
            fetch("kubernetes.database")


def test_kubernetes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SecretError, match="need `kubectl`, which is not installed here"):
        fetch("kubernetes.database")
    kubectl = tmp_path / "kubectl"
    document = json.dumps({"data": {"PASS": base64.b64encode(SECRET.encode()).decode()}})
    kubectl.write_text(
        f"#!/bin/sh\n[ \"$*\" = 'get secret --output=json --namespace=n -- database' ] && echo '{document}' && exit\n"
        "echo 'Error: secrets \"x\" not found' >&2; exit 1\n"
    )
    kubectl.chmod(0o755)
    assert kubernetes.fetch(Source("kubernetes", "n/database", {}, None)) == {"PASS": SECRET}
    with pytest.raises(SecretError, match='kubectl says: Error: secrets "x" not found'):
        fetch("kubernetes.x")
