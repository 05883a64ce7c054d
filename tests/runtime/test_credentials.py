"""Where credentials come from: each source gives the keys of a real S3 server, which accepts no others."""

from __future__ import annotations

import json
import shutil
import ssl
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from validators import tools

from flowc.runtime.errors import StoreError
from flowc.runtime.store import open_store
from flowc.runtime.store.clients import azure_settings, google_settings, s3_region, s3_settings
from flowc.runtime.store.urls import parse_place


@pytest.fixture
def keys(s3, monkeypatch, tmp_path):
    """The server's keys, which the environment does not have."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return s3.environment["AWS_ACCESS_KEY_ID"], s3.environment["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture
def secured(tmp_path):
    """A certificate of this machine's, which nobody trusts without being told."""
    tools.demand(None if shutil.which("openssl") else "openssl is not installed, which makes a certificate")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    more = "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"  # it vouches for itself only
    tools.run([*words.split(), *more.split(), "-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"])
    return tmp_path / "certificate.pem"


@pytest.fixture
def service(request, tmp_path):
    """Answers requests from a table of methods and paths, over TLS if the test has the certificate."""
    answers: dict[str, str] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path} {self.headers.get('Authorization', '')}".strip())
            body = answers.get(f"{self.command} {self.path.partition('?')[0]}")
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or "")))
            self.end_headers()
            self.wfile.write((body or "").encode())

        do_PUT = do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if "secured" in request.fixturenames:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(request.getfixturevalue("secured"), tmp_path / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers, asked
    server.shutdown()
    server.server_close()
    thread.join()


def works(s3) -> None:
    store = open_store(s3.place())
    store.prepare()
    store.put("F/x", b"1")
    assert store.get("F/x") == b"1"


def expiry(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_profile(s3, keys, tmp_path, monkeypatch):
    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id={}\naws_secret_access_key={}\n".format(*keys))
    (tmp_path / "config").write_text(f"[profile mine]\nregion = eu-west-1\nendpoint_url = {s3.endpoint}\n")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    works(s3)


def test_the_default_profile(s3, keys, tmp_path):
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id={}\naws_secret_access_key={}\n".format(*keys))
    works(s3)


def test_the_environment_wins_over_a_profile(s3, keys, tmp_path, monkeypatch):
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id=wrong\naws_secret_access_key=wrong\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
    works(s3)


def test_a_process_whose_credentials_expire(s3, keys, tmp_path):
    answer = {"Version": 1, "AccessKeyId": keys[0], "SecretAccessKey": keys[1], "Expiration": expiry(minutes=5)}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    program = f"open({str(tmp_path / 'calls')!r}, 'a').write('x'); print(open({str(tmp_path / 'answer.json')!r}).read())"
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {tmp_path / 'program.py'}\n")
    works(s3)
    assert len((tmp_path / "calls").read_text()) > 1  # five minutes are too few: they are fetched again


def test_a_profile_that_is_not_there(keys, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match=r"the AWS credentials of the profile nobody cannot be had: .*; look into ~/.aws/config"):
        open_store("s3://flowc/x").prepare()


def test_a_pod_identity(s3, keys, service, tmp_path, monkeypatch):
    url, answers, asked = service
    answers["GET /credentials"] = json.dumps(
        {"AccessKeyId": keys[0], "SecretAccessKey": keys[1], "Token": "", "Expiration": expiry(hours=1), "RoleArn": "arn"}
    )
    (tmp_path / "token").write_text("pod-token")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    works(s3)
    assert asked == ["GET /credentials pod-token"]


def test_a_web_identity(s3, keys, service, secured, tmp_path, monkeypatch):
    url, answers, asked = service
    answers["POST /"] = f"""<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>{keys[0]}</AccessKeyId><SecretAccessKey>{keys[1]}</SecretAccessKey><SessionToken></SessionToken>
        <Expiration>{expiry(hours=1)}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
    (tmp_path / "token").write_text("web-token")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/tasks")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url.replace("http:", "https:"))
    works(s3)
    assert len(asked) == 1


def test_an_instance_role(s3, keys, service, monkeypatch):
    url, answers, asked = service
    roles = "/latest/meta-data/iam/security-credentials/"
    answers["PUT /latest/api/token"] = "session"
    answers[f"GET {roles}"] = "tasks"
    answers[f"GET {roles}tasks"] = json.dumps(
        {"AccessKeyId": keys[0], "SecretAccessKey": keys[1], "Token": "", "Expiration": expiry(hours=1)}
    )
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", url)
    works(s3)
    assert len(asked) == 3


def test_no_credentials(s3, keys, monkeypatch):
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(StoreError, match="there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET"):
        open_store(s3.place()).get("F/x")


def test_regions():
    place = parse_place("s3://bucket/x")
    assert s3_region(place, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, None) == "eu-west-1"
    assert s3_region(place, {"AWS_DEFAULT_REGION": "eu-west-2"}, None) == "eu-west-2"
    assert s3_region(place, {"AWS_ENDPOINT_URL": "http://minio:9000"}, None) == "us-east-1"


def test_endpoints():
    assert s3_settings({}, None, "eu-west-1") == {"region": "eu-west-1", "unsigned_payload": True}
    named = s3_settings({"AWS_ENDPOINT_URL_S3": "http://a:1/", "AWS_ENDPOINT_URL": "http://b:1"}, None, None)
    assert named["endpoint"] == "http://a:1"
    assert "unsigned_payload" not in named  # without TLS the signature must cover the content
    assert s3_settings({"AWS_ENDPOINT_URL": "https://b"}, None, None)["unsigned_payload"]


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        ({"AZURE_STORAGE_ACCOUNT": "a", "AZURE_STORAGE_KEY": "k"}, {"account_name": "a", "account_key": "k"}),
        ({"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"}, {"use_emulator": True}),
        (
            {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;AccountKey=k==;EndpointSuffix=x.net"},
            {"account_name": "a", "account_key": "k==", "endpoint": "https://a.blob.x.net"},
        ),
        (
            {
                "AZURE_STORAGE_CONNECTION_STRING": "BlobEndpoint=https://a.x/;SharedAccessSignature=sv=1&sig=2",
                "AZURE_STORAGE_ACCOUNT": "a",
            },
            {"account_name": "a", "endpoint": "https://a.x", "sas_key": "sv=1&sig=2"},
        ),
        ({"AZURE_STORAGE_ACCOUNT_NAME": "a", "AZURE_STORAGE_SAS_TOKEN": "s"}, {"account_name": "a"}),
    ],
)
def test_azure(environment, settings):
    assert azure_settings(environment, None) == settings


def test_a_connection_string_works(azure, azure_place, monkeypatch):
    account, key, endpoint = (azure.environment[f"AZURE_STORAGE_{name}"] for name in ("ACCOUNT_NAME", "ACCOUNT_KEY", "ENDPOINT"))
    for name in azure.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"AccountName={account};AccountKey={key};BlobEndpoint={endpoint}")
    open_store(azure_place).put("F/x", b"1")


def test_a_google_emulator():
    key = json.loads(google_settings({"STORAGE_EMULATOR_HOST": "localhost:4443"})["service_account_key"])
    assert (key["gcs_base_url"], key["disable_oauth"]) == ("http://localhost:4443", True)
    assert google_settings({}) == {}
