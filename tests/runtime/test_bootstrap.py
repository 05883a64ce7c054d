"""The program that starts a container: what it fetches with which credentials, what it tries again, and what it says.

It runs as a container would run it: `python -I -S -c …`, with nothing but an environment. In place of a package with flowc in it
there is one whose `flowc.runtime` says what it finds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from faults import hang_up, proxy_to, slow_down
from servers import Server, azure, s3  # noqa: F401

from flowc.templates import bootstrap_command

RUNTIME = """\
import json, os, sys
import flow_helper
def main():
    here = os.environ["FLOWC_PACKAGE"]
    files = sorted(os.path.relpath(os.path.join(folder, one), here) for folder, _, all in os.walk(here) for one in all)
    print(json.dumps({"files": files, "path": sys.path, "here": here, "long": flow_helper.LONG, "modules": sorted(sys.modules)}))
    return 7
"""
LONG = "folder/" * 20 + "name-é.txt"
FILES = {
    "flowc/__init__.py": "",
    "flowc/runtime/__init__.py": "",
    "flowc/runtime/__main__.py": RUNTIME,
    "flow_helper.py": f"import os\nLONG = open(os.path.join(os.environ['FLOWC_PACKAGE'], {LONG!r}), encoding='utf-8').read()\n",
    LONG: "a long name",
    "large.bin": "x" * 3_000_000,
    "empty.txt": "",
    ".flowc/linux-amd64/any/one.py": "",
    ".flowc/linux-arm64/any/one.py": "",
    f".flowc/linux-amd64/cp3{sys.version_info[1]}/two.py": "",
    f".flowc/linux-arm64/cp3{sys.version_info[1]}/two.py": "",
    ".flowc/linux-amd64/cp399/three.py": "",
    ".flowc/linux-arm64/cp399/three.py": "",
}


def packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


DATA = packed(FILES)


def key_of(data: bytes) -> str:
    return f"flowc-packages/Flow/{hashlib.sha256(data).hexdigest()}.tar.gz"


CODE = key_of(DATA)


class Done:
    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def said(self) -> dict[str, object]:
        assert self.code == 7, self.err
        assert self.err == ""
        found: dict[str, object] = json.loads(self.out)
        return found


def start(place: str, tmp_path: Path, code: str = CODE, **environment: str) -> Done:
    (tmp_path / "tmp").mkdir(exist_ok=True)
    python = getattr(sys, "_base_executable", sys.executable)
    command = [python, "-S", *bootstrap_command(place)[1:]]
    told = {"FLOWC_DATASTORE": place, "FLOWC_CODE": code, "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    return Done(subprocess.run(command, env=told | environment, cwd="/", capture_output=True, text=True, check=False))


def refusal(done: Done) -> str:
    assert (done.code, done.out) == (2, ""), done.out
    assert done.err.startswith("flowc: cannot start: ")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("flowc: cannot start: ").strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "store" / CODE
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return tmp_path / "store"


def put_s3(server: Server, place: str, data: bytes = DATA, key: str = CODE) -> None:
    url = f"{server.endpoint}/{place.removeprefix('s3://')}/{key}"
    request = AWSRequest("PUT", url, data=data)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    S3SigV4Auth(Credentials(*(server.environment[name] for name in names)), "s3", "us-east-1").add_auth(request)
    urlopen(Request(url, data, dict(request.headers.items()), method="PUT")).close()


@pytest.fixture
def place(s3: Server) -> str:  # noqa: F811
    root = s3.place()
    put_s3(s3, root)
    return root


# Services that hand out credentials


@contextmanager
def service(answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path}")
            status, text = answer(self, body)
            self.send_response(status)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in filter(None, (text[:7], text[7:])):  # as servers may that do not know how long it will be
                self.wfile.write(f"{len(part):x}\r\n{part}\r\n".encode())
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_PUT = do_POST = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def without_keys(server: Server) -> dict[str, str]:
    return {name: value for name, value in server.environment.items() if "KEY" not in name}


def keys_of(server: Server) -> tuple[str, str]:
    return server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"]


def role_document(server: Server) -> str:
    key, secret = keys_of(server)
    return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": "", "Expiration": "2030"})


# A folder


def test_it_unpacks_and_goes_on(folder: Path, tmp_path: Path) -> None:
    said = start(str(folder), tmp_path).said
    version = f"cp3{sys.version_info[1]}"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    own = [name for name in FILES if not name.startswith(".flowc/")]
    expected = [*own, f".flowc/linux-{machine}/any/one.py", f".flowc/linux-{machine}/{version}/two.py"]
    assert said["files"] == sorted(expected)
    path, here = said["path"], said["here"]
    assert isinstance(path, list)
    assert path[0] == here
    assert path[-2:] == [f"{here}/.flowc/linux-{machine}/any", f"{here}/.flowc/linux-{machine}/{version}"]
    assert "" not in path
    assert said["long"] == "a long name"
    assert not {"http.client", "urllib.request", "tarfile", "gzip", "typing", "ssl"} & set(said["modules"])  # type: ignore[call-overload]
    assert start(f"file://{folder}", tmp_path).said["long"] == "a long name"


def test_two_at_once_have_folders_of_their_own(folder: Path, tmp_path: Path) -> None:
    assert start(str(folder), tmp_path).said["here"] != start(str(folder), tmp_path).said["here"]


def test_what_is_wrong_with_the_package(folder: Path, tmp_path: Path) -> None:
    said = refusal(start(str(tmp_path), tmp_path))
    assert said == f"there is no package {CODE} in {tmp_path}: it was never put there, or it was deleted; deploy the flow again"
    (folder / CODE).write_bytes(DATA[:-1])
    digest = hashlib.sha256(DATA[:-1]).hexdigest()
    assert refusal(start(str(folder), tmp_path)) == (
        f"the package {CODE} was damaged or replaced: its sha256 is {digest}; deploy the flow again"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed({"../x": ""}), "the package holds ../x, which is no plain file in it"),
        (packed({"/x": ""}), "the package holds /x, which is no plain file in it"),
        (packed({"a/../../x": ""}), "the package holds a/../../x, which is no plain file in it"),
        (zlib.compress(b"", 9, 31), "the package is cut off"),
        (DATA[:2000], "the package is cut off"),
        (b"no gzip", "cannot unpack the package into "),
    ],
    ids=["above", "absolute", "out again", "empty", "cut off", "no gzip"],
)
def test_what_is_no_package(folder: Path, tmp_path: Path, data: bytes, message: str) -> None:
    (folder / key_of(data)).write_bytes(data)
    assert refusal(start(str(folder), tmp_path, key_of(data))).startswith(message)


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    (folder / key_of(out.getvalue())).write_bytes(out.getvalue())
    said = refusal(start(str(folder), tmp_path, key_of(out.getvalue())))
    assert said == "the package holds link, which is no plain file in it"


def test_another_machine(folder: Path, tmp_path: Path) -> None:
    data = packed(FILES | {".flowc/linux-amd64/any/one.py": "", ".flowc/linux-s390x/any/one.py": ""})
    only = packed(
        {name: text for name, text in FILES.items() if not name.startswith(".flowc")} | {".flowc/linux-s390x/any/a": ""}
    )
    for one in (data, only):
        (folder / key_of(one)).write_bytes(one)
    assert start(str(folder), tmp_path, key_of(data)).code == 7
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    assert refusal(start(str(folder), tmp_path, key_of(only))) == (
        f"this machine is linux/{machine}, and the package is for linux/s390x: make it with --platform linux/{machine}"
    )


def test_an_image_that_holds_the_flow(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "image" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "image" / name).write_text(text, encoding="utf-8")
    image = {"FLOWC_PACKAGE": str(tmp_path / "image"), "PYTHONPATH": str(tmp_path / "image")}
    for place in (str(tmp_path), "s3://nowhere/prefix"):
        said = start(place, tmp_path, "image", **image).said
        assert (said["here"], said["long"]) == (image["FLOWC_PACKAGE"], "a long name")
        assert "" not in said["path"]  # type: ignore[operator]
        assert not {"ssl", "tempfile"} & set(said["modules"])  # type: ignore[call-overload]
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("lacking", ["FLOWC_PACKAGE", "PYTHONPATH"])
def test_an_image_that_does_not_hold_it(tmp_path: Path, lacking: str) -> None:
    for name in ("image/flowc/__init__.py", "image/flowc/runtime/__main__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    image = {"FLOWC_PACKAGE": str(tmp_path / "image"), "PYTHONPATH": str(tmp_path / "image"), lacking: ""}
    assert refusal(start("s3://bucket", tmp_path, "image", **image)) == (
        "this image holds no flow that FLOWC_PACKAGE and PYTHONPATH lead to"
    )


def test_what_the_environment_lacks(tmp_path: Path) -> None:
    assert refusal(start("", tmp_path)) == "the variable FLOWC_DATASTORE is not set"
    assert refusal(start("/", tmp_path, "")) == "the variable FLOWC_CODE is not set"
    assert refusal(start("ftp://x/y", tmp_path)) == "the datastore ftp://x/y is of no kind that is known"


# S3


def test_keys_in_variables(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    assert start(place, tmp_path, **s3.environment).said["long"] == "a long name"
    environment = {**s3.environment, "AWS_ENDPOINT_URL": s3.endpoint + "/"}
    del environment["AWS_ENDPOINT_URL_S3"]
    assert start(place + "/", tmp_path, **environment).said["long"] == "a long name"


def test_a_service_accounts_role(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "token").write_text("a+token/of=the account\n")
    fields: dict[str, list[str]] = {}
    signed: list[bool] = []
    inner = "<AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>"

    def sts(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        if handler.command == "POST":
            fields.update(urllib.parse.parse_qs(body.decode()))
            return (
                200,
                f"<AssumeRoleWithWebIdentityResponse><Credentials>{inner}</Credentials></AssumeRoleWithWebIdentityResponse>",
            )
        assert handler.headers["x-amz-security-token"] == "session"
        signed.append(handler.headers["authorization"].endswith(f"Signature={signature(handler)}"))
        return 404, ""

    def signature(handler: BaseHTTPRequestHandler) -> str:
        """What botocore would have signed it with."""
        names = ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
        headers = {name: handler.headers[name] for name in names}
        request = AWSRequest("GET", f"http://{handler.headers['host']}{handler.path}", headers=headers)
        request.context["timestamp"] = headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials("key", "secret", "session"), "s3", "us-east-1")
        return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))

    role = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/a"}
    with service(sts) as (address, asked):
        done = start("s3://bucket/p", tmp_path, **role, AWS_ENDPOINT_URL=address)
        assert refusal(done).startswith("there is no package ")
        assert asked == ["POST /", f"GET /bucket/p/{CODE}"]
    assert signed == [True]
    assert fields["WebIdentityToken"] == ["a+token/of=the account"]
    assert fields["RoleArn"] == ["arn:aws:iam::1:role/a"]

    refused = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not\nyours</Message></Error></ErrorResponse>"
    with service(lambda *_: (403, refused)) as (address, _):
        done = start(place, tmp_path, **without_keys(s3), **role, AWS_ENDPOINT_URL_STS=address)
    assert refusal(done) == "AWS STS, asked for the role arn:aws:iam::1:role/a, answers 403: AccessDenied: Not yours"
    (tmp_path / "token").unlink()
    done = start(place, tmp_path, **without_keys(s3), **role)
    assert refusal(done) == f"cannot read {tmp_path / 'token'}: No such file or directory"


def test_a_containers_role(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "token").write_text("sesame\n")

    def ecs(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        return (200, role_document(s3)) if handler.headers["Authorization"] == "sesame" else (401, "who?")

    with service(ecs) as (address, asked):
        role = {**without_keys(s3), "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address}/v1/credentials"}
        assert start(place, tmp_path, **role, AWS_CONTAINER_AUTHORIZATION_TOKEN="sesame").said
        assert start(place, tmp_path, **role, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token")).said
        assert asked == ["GET /v1/credentials"] * 2
        assert refusal(start(place, tmp_path, **role)) == "the service of the container's role answers 401: who?"
    with service(lambda *_: (200, "{}")) as (address, _):
        role["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = address
        assert refusal(start(place, tmp_path, **role)) == "the service of the container's role gives no AccessKeyId"


def test_an_instances_role(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    def imds(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        if handler.path == "/latest/api/token":
            return (200, "sesame") if handler.command == "PUT" else (405, "")
        if handler.headers["X-aws-ec2-metadata-token"] != "sesame":
            return 401, ""
        names = {"/latest/meta-data/iam/security-credentials/": "the-role"}
        return 200, names.get(handler.path, role_document(s3))

    with service(imds) as (address, asked):
        assert start(place, tmp_path, **without_keys(s3), AWS_EC2_METADATA_SERVICE_ENDPOINT=address).said
        assert [one.rsplit("/", 1)[1] for one in asked] == ["token", "", "the-role"]


def test_no_credentials(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    none = "no AWS credentials in variables, of a service account, a container's role or an instance's role"
    assert refusal(start(place, tmp_path, **without_keys(s3), AWS_EC2_METADATA_DISABLED="true")) == none
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = start(place, tmp_path, **without_keys(s3), AWS_EC2_METADATA_SERVICE_ENDPOINT=f"http://{address}")
    assert refusal(done) == f"{none} ({address}: Connection refused (tried 3 times))"


def test_s3_says_no(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    wrong = {**s3.environment, "AWS_SECRET_ACCESS_KEY": "wrong"}
    assert refusal(start(place, tmp_path, **wrong)).startswith(f"{place} refuses access: SignatureDoesNotMatch: ")
    said = refusal(start(place, tmp_path, key_of(b"other"), **s3.environment))
    assert said.startswith(f"there is no package {key_of(b'other')} in {place}: ")
    put_s3(s3, place, DATA + b"x")
    assert " was damaged or replaced: its sha256 is " in refusal(start(place, tmp_path, **s3.environment))


def test_expired_credentials(s3: Server, tmp_path: Path) -> None:  # noqa: F811
    expired = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
    with service(lambda *_: (400, expired)) as (address, asked):
        done = start("s3://bucket", tmp_path, **{**s3.environment, "AWS_ENDPOINT_URL_S3": address})
    assert refusal(done) == "s3://bucket answers 400: ExpiredToken: The provided token has expired."
    assert asked == [f"GET /bucket/{CODE}"]


def test_another_region(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    """S3 names the region where a bucket is; the request is signed anew for it."""
    scopes: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        scopes.append(handler.headers["Authorization"].split("/")[2])
        wrong = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>no</Message><Region>eu-west-3</Region></Error>"
        return (400, wrong) if scopes[-1] != "eu-west-3" else (404, "")

    with service(elsewhere) as (address, _):
        done = start("s3://bucket", tmp_path, **{**s3.environment, "AWS_ENDPOINT_URL_S3": address})
    assert refusal(done).startswith("there is no package ")
    assert scopes == ["us-east-1", "eu-west-3"]


def test_what_passes_is_tried_again(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    with proxy_to(s3) as proxy:
        proxy.fail(slow_down, times=2, method="GET")
        proxy.fail(hang_up, times=1, method="GET")
        assert start(place, tmp_path, **proxy.environment).said["long"] == "a long name"
        assert proxy.count("GET") == 4


def test_nobody_there(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        begun = time.monotonic()
        done = start(place, tmp_path, **{**s3.environment, "AWS_ENDPOINT_URL_S3": f"http://{address}"})
    assert refusal(done) == f"{address}: Connection refused (tried 8 times)"
    assert time.monotonic() - begun > 5


def test_a_proxy(s3: Server, place: str, tmp_path: Path) -> None:  # noqa: F811
    asked: list[str] = []

    def forward(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        asked.append(handler.path)
        return 404, ""

    with service(forward) as (address, _):
        environment = {**s3.environment, "AWS_ENDPOINT_URL_S3": "http://s3.example"}
        done = start("s3://bucket", tmp_path, **environment, http_proxy=address)
        assert refusal(done).startswith("there is no package ")
        assert asked == [f"http://s3.example/bucket/{CODE}"]
        # Nothing of this machine goes through it.
        assert start(place, tmp_path, **s3.environment, http_proxy=address).said


# Azure


def put_azure(server: Server, place: str) -> str:
    account = server.environment["AZURE_STORAGE_ACCOUNT_NAME"]
    path = f"/{account}/{place.removeprefix('az://')}/{CODE}"
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-date": date, "x-ms-version": "2021-08-06", "Content-Type": "text/plain"}
    lines = "".join(f"{name}:{headers[name]}\n" for name in ("x-ms-blob-type", "x-ms-date", "x-ms-version"))
    text = f"PUT\n\n\n{len(DATA)}\n\ntext/plain\n\n\n\n\n\n\n{lines}/{account}{path}"
    headers["Authorization"] = f"SharedKey {account}:{signed(server, text)}"
    urlopen(Request(server.endpoint + path, DATA, headers, method="PUT")).close()
    return place


def signed(server: Server, text: str) -> str:
    key = base64.b64decode(server.environment["AZURE_STORAGE_ACCOUNT_KEY"])
    return base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()


def sas_of(server: Server) -> str:
    account, version = server.environment["AZURE_STORAGE_ACCOUNT_NAME"], "2020-12-06"
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"{account}\nr\nb\no\n\n{until}\n\nhttp,https\n{version}\n\n"  # https://learn.microsoft.com/rest/api/storageservices/create-account-sas
    fields = {"sv": version, "ss": "b", "srt": "o", "sp": "r", "se": until, "spr": "http,https", "sig": signed(server, text)}
    return urllib.parse.urlencode(fields)


def test_azure(azure: Server, tmp_path: Path) -> None:  # noqa: F811
    place = put_azure(azure, azure.place())
    assert start(place, tmp_path, **azure.environment).said["long"] == "a long name"
    environment = dict(azure.environment)
    del environment["AZURE_STORAGE_ACCOUNT_KEY"]
    assert start(place, tmp_path, **environment, AZURE_STORAGE_SAS_TOKEN="?" + sas_of(azure)).said["long"] == "a long name"
    done = start(place, tmp_path, **environment, AZURE_STORAGE_SAS_TOKEN=sas_of(azure)[:-9])
    assert refusal(done).startswith(f"{place} refuses access: AuthorizationFailure: ")
    done = start(place, tmp_path, **{**environment, "AZURE_STORAGE_ACCOUNT_KEY": "!"})
    assert refusal(done).startswith(f"{place} refuses access") or "is not base64" in done.err
    assert refusal(start(place, tmp_path)) == (
        f"AZURE_STORAGE_ACCOUNT_NAME is not set, which names the storage account of az://{place.split('/')[2]}"
    )


def test_azures_identities(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("assertion")
    seen: list[str | None] = []
    forms: list[dict[str, list[str]]] = []

    def everything(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        if "token" in handler.path:
            forms.append(urllib.parse.parse_qs(body.decode()))
            return 200, '{"access_token": "bearer"}'
        seen.append(handler.headers["Authorization"])
        return 404, "<Error><Code>BlobNotFound</Code></Error>"

    with service(everything) as (address, asked):
        account = {"AZURE_STORAGE_ACCOUNT_NAME": "a", "AZURE_STORAGE_ENDPOINT": address}
        workload = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_AUTHORITY_HOST": address + "/"}
        done = start(
            "abfss://c@a.dfs.core.windows.net/p",
            tmp_path,
            **account,
            **workload,
            AZURE_FEDERATED_TOKEN_FILE=str(tmp_path / "token"),
        )
        assert refusal(done).startswith("there is no package ")
        assert forms[-1]["client_assertion"] == ["assertion"]
        assert asked[0] == "POST /t/oauth2/v2.0/token"
        done = start("az://c/p", tmp_path, **account, AZURE_MSI_ENDPOINT=f"{address}/msi/token", AZURE_CLIENT_ID="c")
        assert refusal(done).startswith("there is no package ")
        assert asked[2].startswith("GET /msi/token?api-version=2018-02-01&resource=https")
        assert asked[2].endswith("&client_id=c")
    assert seen == ["Bearer bearer"] * 2


# Google


def test_google(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def everything(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        if handler.headers["Metadata-Flavor"] == "Google":
            return 200, '{"access_token": "bearer", "expires_in": 1}'
        seen.append(handler.headers["Authorization"])
        return 404, "<Error><Code>NoSuchKey</Code></Error>"

    with service(everything) as (address, asked):
        host = {"GCE_METADATA_HOST": address.removeprefix("http://"), "STORAGE_EMULATOR_HOST": address}
        assert refusal(start("gs://b/p", tmp_path, **host)).startswith("there is no package ")
        assert asked == ["GET /computeMetadata/v1/instance/service-accounts/default/token", f"GET /b/p/{CODE}"]
    assert seen == ["Bearer bearer"]
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    said = refusal(start("gs://b/p", tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json")))
    assert "holds a service_account key, which Python's standard library cannot use" in said
