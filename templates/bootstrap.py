"""How a container starts that holds Python and nothing else: fetch the flow's package, unpack it, run the task.

In: `FLOWC_DATASTORE` and `FLOWC_CODE`, the package's key there. Out: a folder with the package's files, first on `sys.path`, and
flowc's runtime running in this same interpreter; or one sentence on standard error, and exit code 2. Nothing is fetched where
`FLOWC_CODE` is `image`: the image holds flow and runtime.

This is a program of its own, in one piece. It travels as the argument of `python3 -c`: see `templates.bootstrap_command`. An
image may have none of the standard library compiled, and `http.client` then takes longer to import than all that is done here: so
it speaks HTTP itself, and imports little. Its syntax is that of Python 3.8, so that an image that is too old can say so.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import importlib.util
import json
import os
import socket
import sys
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, BinaryIO, TypeVar

    T = TypeVar("T")
    Answer = tuple[int, Mapping[str, str], bytes]
    Asking = Callable[[str], tuple[str, Mapping[str, str]]]
    """From a region, the URL of an object and the headers to ask for it with."""

NEEDED = (3, 11)
TIMES = 8
"""How often is tried what may pass: some 30 seconds."""
PASSING = (408, 429, 500, 502, 503, 504)
SOON = (2, 5)
"""Seconds for a connection and for an answer of what is near, or not there."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
env = os.environ.get


class Stop(Exception):
    """Why it cannot go on."""


class Again(Exception):
    """What may succeed when it is tried again."""


def one_of(*names: str) -> str:
    """The first of these variables that is set, or nothing."""
    for name in names:
        if env(name):
            return os.environ[name]
    return ""


def quote(text: str) -> str:
    """Percent-encode, as the signatures want it."""
    return "".join(chr(one) if one < 128 and (chr(one).isalnum() or one in b"/-._~") else f"%{one:02X}" for one in text.encode())


def form(**fields: str) -> bytes:
    """Encode a form."""
    return "&".join(f"{name}={quote(value)}" for name, value in fields.items()).encode()


def b64(data: bytes) -> str:
    """Encode as base64."""
    return binascii.b2a_base64(data, newline=False).decode()


def sign(key: bytes, text: str) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def read(path: str) -> str:
    """The text of a small file."""
    try:
        with open(path) as file:  # noqa: PTH123  # pathlib is not imported here
            return file.read().strip()
    except OSError as error:
        raise Stop(f"cannot read {path}: {error.strerror}") from None


# HTTP


def split(url: str) -> tuple[str, str, str, int, str]:
    """Scheme, `host:port` as written, host, port and path of a URL."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    name, colon, port = place.rpartition(":")
    if not colon or not port.isdigit():
        name, port = place, "443" if scheme == "https" else "80"
    return scheme, place, name.strip("[]"), int(port), slash + path or "/"


def proxy_for(scheme: str, name: str) -> str:
    """The proxy that the environment names for a host, or nothing."""
    spared = one_of("no_proxy", "NO_PROXY").replace(" ", "").split(",")
    if name.startswith(("127.", "169.254.")) or name in ("localhost", "metadata.google.internal") or "*" in spared:
        return ""
    if any(one and f".{name}".endswith("." + one.lstrip(".")) for one in spared):
        return ""
    return one_of("https_proxy", "HTTPS_PROXY") if scheme == "https" else one_of("http_proxy")


def connect(url: str, patience: tuple[int, int]) -> tuple[socket.socket, str]:
    """A connection that leads to a URL's host, and how its request begins: the target, and headers."""
    scheme, place, name, port, path = split(url)
    proxy, to, extra = proxy_for(scheme, name), (name, port), ""
    if proxy:
        user, _, there = proxy.rpartition("://")[2].rpartition("@")
        _, _, host, number, _ = split(f"http://{there}")
        to = (host, number)
        extra = f"Proxy-Authorization: Basic {b64(user.encode())}\r\n" if user else ""
    # As bytes, a host's name is not taken for an international one: the codec for those costs much to import.
    target: Any = (to[0].encode(), to[1])
    line = socket.create_connection(target, patience[0])
    line.settimeout(patience[1])
    if proxy and scheme == "https":
        line.sendall(f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n{extra}\r\n".encode())
        said, extra = b"", ""
        while not said.endswith(b"\r\n\r\n"):
            said += line.recv(1) or b"\r\n\r\n"
        if said.split(b" ")[1:2] != [b"200"]:
            raise Again(f"the proxy {to[0]}:{to[1]} lets nobody through to {name}")
    if scheme == "https":
        import ssl

        context = ssl.create_default_context(cafile=env("AWS_CA_BUNDLE") or None)
        try:
            line = context.wrap_socket(line, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            raise Stop(f"the certificate of {name} is not trusted in this image: {error.verify_message}") from None
    asked = url if proxy and scheme == "http" else path
    return line, f"{asked} HTTP/1.1\r\nHost: {place}\r\n{extra}Connection: close\r\n"


def request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    sink: Callable[[bytes], Any] | None = None,
    patience: tuple[int, int] = (10, 60),
) -> Answer:
    """Status, headers and body of an answer; the body of a 200 goes to `sink` where there is one."""
    try:
        line, begin = connect(url, patience)
        with line:
            sent = dict(headers) if method == "GET" else dict(headers, **{"Content-Length": str(len(body))})
            begin += "".join(f"{name}: {value}\r\n" for name, value in sent.items())
            line.sendall(f"{method} {begin}\r\n".encode() + body)
            with line.makefile("rb") as file:
                return answer(file, sink)
    except (OSError, ValueError, IndexError) as error:
        raise Again(f"{split(url)[1]}: {getattr(error, 'strerror', None) or error or type(error).__name__}") from None


def answer(file: BinaryIO, sink: Callable[[bytes], Any] | None) -> Answer:
    """Read an answer off a connection."""
    status, got = int(file.readline().split(None, 2)[1]), {}
    parts: list[bytes] = []
    while True:
        name, _, value = file.readline().decode("latin-1").partition(":")
        if not name.strip():
            break
        got[name.lower()] = value.strip()
    take: Callable[[bytes], Any] = sink if sink and status == 200 else parts.append
    if got.get("transfer-encoding", "").lower() == "chunked":
        while True:
            size = int(file.readline().split(b";")[0], 16)
            if not size:
                break
            move(file, size, take)
            file.readline()
    elif "content-length" in got:
        move(file, int(got["content-length"]), take)
    else:
        take(file.read())
    return status, got, b"".join(parts)


def move(file: BinaryIO, size: int, take: Callable[[bytes], Any]) -> None:
    """Hand on so many bytes, in pieces."""
    while size:
        data = file.read(min(size, 1 << 18))
        if not data:
            raise OSError("the connection broke off")
        take(data)
        size -= len(data)


def insist(attempt: Callable[[], T], times: int = TIMES) -> T:
    """What `attempt` gives; again, after a pause that grows, while it raises `Again`."""
    done = 0
    while True:
        try:
            return attempt()
        except Again as error:
            done += 1
            if done == times:
                raise Stop(f"{error} (tried {times} times)") from None
            time.sleep(min(10, 0.1 * 2**done) * (0.5 + os.urandom(1)[0] / 255))


def ask(
    what: str, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", times: int = TIMES, patience: Any = (10, 60)
) -> bytes:
    """The body of an answer that must be 200."""

    def attempt() -> bytes:
        status, _, said = request(method, url, headers, body, patience=patience)
        if status in PASSING:
            raise Again(f"{what} answers {status}")
        if status != 200:
            raise Stop(f"{what} answers {status}{told(said)}")
        return said

    return insist(attempt, times)


def told(said: bytes) -> str:
    """What the document of an error says: `: Code: Message` of XML, or how it begins."""
    text = said.decode("utf-8", "replace")
    words = [between(text, "Code"), between(text, "Message")]
    return "".join(": " + " ".join(one.split()) for one in (words if any(words) else [text[:300]]) if one)


def between(text: str, tag: str) -> str:
    """The first element of that name."""
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


def fields_of(what: str, data: str | bytes, *names: str) -> list[str]:
    """These fields of a JSON document, which must be there."""
    try:
        found = json.loads(data)
        return [str(found[name]) for name in names]
    except (ValueError, TypeError, KeyError):
        raise Stop(f"{what} gives no {names[0]}") from None


# Amazon S3, and what speaks as it does


def region_of() -> str:
    """Where a bucket is taken to be."""
    return one_of("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"


def domain(region: str) -> str:
    """The domain of a region's services."""
    return f"{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def aws_credentials() -> list[str] | None:
    """Key, secret and session token of the first source that this container has; None where it is to do without."""
    if one_of("AWS_SKIP_SIGNATURE").lower() in ("1", "true"):
        return None
    if env("AWS_ACCESS_KEY_ID") and env("AWS_SECRET_ACCESS_KEY"):
        return [one_of(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
    names, role = ("AccessKeyId", "SecretAccessKey", "Token"), one_of("AWS_ROLE_ARN")
    if role and env("AWS_WEB_IDENTITY_TOKEN_FILE"):
        place = one_of("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL") or f"https://sts.{domain(region_of())}"
        body = form(
            Action="AssumeRoleWithWebIdentity",
            Version="2011-06-15",
            RoleArn=role,
            RoleSessionName=one_of("AWS_ROLE_SESSION_NAME") or "flowc",
            WebIdentityToken=read(one_of("AWS_WEB_IDENTITY_TOKEN_FILE")),
        )
        said = ask(f"AWS STS, asked for the role {role},", "POST", place.rstrip("/") + "/", FORM, body).decode()
        found = [between(said, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        if not all(found):
            raise Stop(f"AWS STS gives no credentials for the role {role}")
        return found
    place = one_of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    place = "http://169.254.170.2" + place if place else one_of("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if place:
        file = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        token, what = read(file) if file else one_of("AWS_CONTAINER_AUTHORIZATION_TOKEN"), "the service of the container's role"
        return fields_of(what, ask(what, "GET", place, {"Authorization": token} if token else {}), *names)
    none = "no AWS credentials in variables, of a service account, a container's role or an instance's role"
    if one_of("AWS_EC2_METADATA_DISABLED").lower() == "true":
        raise Stop(none)
    place = (one_of("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254").rstrip("/") + "/latest/"
    what = "the instance's metadata service"
    try:
        begin = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}
        token = ask(what, "PUT", place + "api/token", begin, times=3, patience=SOON).decode()
        headers, place = {"X-aws-ec2-metadata-token": token}, place + "meta-data/iam/security-credentials/"
        name = ask(what, "GET", place, headers, times=3, patience=SOON).decode().strip()
        return fields_of(what, ask(what, "GET", place + quote(name), headers), *names)
    except Stop as error:
        raise Stop(f"{none} ({error})") from None


def s3(bucket: str, key: str) -> Asking:
    """How to ask S3 for an object, signed for the region where its bucket turns out to be."""
    credentials, endpoint = aws_credentials(), one_of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL").rstrip("/")

    def asking(region: str) -> tuple[str, Mapping[str, str]]:
        url = f"{endpoint}/{bucket}/{quote(key)}"
        if not endpoint and "." in bucket:  # which no certificate covers as a host's name
            url = f"https://s3.{domain(region)}{url}"
        elif not endpoint:
            url = f"https://{bucket}.s3.{domain(region)}/{quote(key)}"
        if credentials is None:
            return url, {}
        now, nothing = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), hashlib.sha256(b"").hexdigest()
        headers = {"host": split(url)[1], "x-amz-content-sha256": nothing, "x-amz-date": now}
        if credentials[2]:
            headers["x-amz-security-token"] = credentials[2]
        names, scope = ";".join(headers), f"{now[:8]}/{region}/s3/aws4_request"
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = hashlib.sha256(f"GET\n{split(url)[4]}\n\n{lines}\n{names}\n{nothing}".encode()).hexdigest()
        secret = f"AWS4{credentials[1]}".encode()
        for part in scope.split("/"):
            secret = sign(secret, part)
        signature = sign(secret, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{canonical}").hex()
        del headers["host"]
        signed = f"Credential={credentials[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {signed}"
        return url, headers

    return asking


# Azure


def azure(container: str, key: str) -> Asking:
    """How to ask Azure for a blob: by a SAS, the account's key, or an identity."""
    container, _, host = container.partition("@")  # of abfss://container@account.dfs.core.windows.net
    account = host.split(".")[0] or one_of("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
    if not account:
        raise Stop(f"AZURE_STORAGE_ACCOUNT_NAME is not set, which names the storage account of az://{container}")
    place = one_of("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT") or f"https://{account}.blob.core.windows.net"
    url = f"{place.rstrip('/')}/{container}/{quote(key)}"
    secret = one_of("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY")
    shared = one_of("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY")
    bearer = "" if secret or shared else azure_bearer()

    def asking(region: str) -> tuple[str, Mapping[str, str]]:
        now, headers = time.gmtime(), {"x-ms-version": "2021-08-06"}
        if shared and not secret:
            return f"{url}?{shared.lstrip('?')}", headers
        day = "MonTueWedThuFriSatSun"[now.tm_wday * 3 :][:3]  # whatever the locale
        month = "JanFebMarAprMayJunJulAugSepOctNovDec"[now.tm_mon * 3 - 3 :][:3]
        headers["x-ms-date"] = date = time.strftime(f"{day}, %d {month} %Y %H:%M:%S GMT", now)
        headers["authorization"] = f"Bearer {bearer}"
        if secret:
            text = "GET" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:2021-08-06\n/{account}{split(url)[4]}"
            try:
                headers["authorization"] = f"SharedKey {account}:{b64(sign(binascii.a2b_base64(secret), text))}"
            except ValueError:
                raise Stop(f"the key of the storage account {account} is not base64") from None
        return url, headers

    return asking


def azure_bearer() -> str:
    """A token of the workload's identity or of a managed one."""
    client, tenant = one_of("AZURE_CLIENT_ID"), one_of("AZURE_TENANT_ID")
    file, secret = one_of("AZURE_FEDERATED_TOKEN_FILE"), one_of("AZURE_CLIENT_SECRET")
    if client and tenant and (file or secret):
        fields = {"grant_type": "client_credentials", "client_id": client, "scope": "https://storage.azure.com/.default"}
        if file:
            fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        fields["client_assertion" if file else "client_secret"] = read(file) if file else secret
        place = (one_of("AZURE_AUTHORITY_HOST") or "https://login.microsoftonline.com").rstrip("/")
        return token_of("Azure's login", "POST", f"{place}/{tenant}/oauth2/v2.0/token", FORM, form(**fields))
    place = one_of("IDENTITY_ENDPOINT", "AZURE_MSI_ENDPOINT") or "http://169.254.169.254/metadata/identity/oauth2/token"
    version = "2019-08-01" if env("IDENTITY_ENDPOINT") else "2018-02-01"
    url = f"{place}?api-version={version}&resource={quote('https://storage.azure.com/')}"
    headers = {"Metadata": "true"}
    if env("IDENTITY_HEADER"):
        headers["X-IDENTITY-HEADER"] = one_of("IDENTITY_HEADER")
    try:
        what = "the managed identity's service"
        return token_of(what, "GET", url + (f"&client_id={client}" if client else ""), headers, times=3, patience=SOON)
    except Stop as error:
        raise Stop(f"no Azure credentials: no SAS, no key, no workload's identity and no managed one ({error})") from None


def token_of(what: str, *arguments: Any, **more: Any) -> str:
    """The token that an answer of OAuth holds."""
    return fields_of(what, ask(what, *arguments, **more), "access_token")[0]


# Google Cloud Storage


def google(bucket: str, key: str) -> Asking:
    """How to ask Google Cloud Storage for an object."""
    place = one_of("STORAGE_EMULATOR_HOST") or "https://storage.googleapis.com"
    url = f"{place if '://' in place else 'http://' + place}/{bucket}/{quote(key)}"
    if one_of("GOOGLE_SKIP_SIGNATURE").lower() in ("1", "true"):
        return lambda region: (url, {})
    bearer = google_bearer()
    return lambda region: (url, {"authorization": f"Bearer {bearer}"})


def google_bearer() -> str:
    """A token of the container's service account, or of a person's login."""
    file = one_of("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT")
    if file:
        text, names = read(file), ("client_id", "client_secret", "refresh_token")
        (kind,) = fields_of(file, text, "type")
        if kind != "authorized_user":
            raise Stop(
                f"{file} holds a {kind} key, which Python's standard library cannot use: "
                "let the container run as the service account (workload identity), or use an image with the flow in it"
            )
        fields = dict(zip(names, fields_of(file, text, *names)), grant_type="refresh_token")  # noqa: B905  # Python 3.8 has no strict=
        return token_of("Google's login", "POST", "https://oauth2.googleapis.com/token", FORM, form(**fields))
    host = one_of("GCE_METADATA_HOST") or "metadata.google.internal"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    try:
        return token_of("the metadata server", "GET", url, {"Metadata-Flavor": "Google"}, times=3, patience=SOON)
    except Stop as error:
        raise Stop(f"no Google credentials: no login, and no service account of this container ({error})") from None


# The package


def fetch(place: str, code: str, path: str) -> str:
    """Write the package into a file; the hash of what was written."""
    scheme, separator, rest = place.partition("://")
    if separator and scheme != "file":
        kinds = {"s3": s3, "az": azure, "gs": google}
        scheme = "az" if scheme in ("azure", "abfs", "abfss") else scheme
        if scheme not in kinds:
            raise Stop(f"the datastore {place} is of no kind that is known")
        bucket, *prefix = rest.split("/")
        asking = kinds[scheme](bucket, "/".join([*filter(None, prefix), code]))
        return insist(lambda: download(asking, place, code, path, region_of()))
    source, digest = os.path.join(rest if separator else place, code), hashlib.sha256()  # noqa: PTH118
    try:
        with open(source, "rb") as file, open(path, "wb") as out:  # noqa: PTH123
            for data in iter(lambda: file.read(1 << 18), b""):
                digest.update(data)
                out.write(data)
    except FileNotFoundError:
        raise absent(place, code) from None
    except OSError as error:
        raise Stop(f"cannot copy {source}: {error.strerror}") from None
    return digest.hexdigest()


def absent(place: str, code: str) -> Stop:
    """That the package is not there."""
    return Stop(f"there is no package {code} in {place}: it was never put there, or it was deleted; deploy the flow again")


def download(asking: Asking, place: str, code: str, path: str, region: str) -> str:
    """One attempt to fetch the package from an object store."""
    digest = hashlib.sha256()
    with open(path, "wb") as out:  # noqa: PTH123

        def sink(data: bytes) -> None:
            digest.update(data)
            try:
                out.write(data)
            except OSError as error:
                raise Stop(f"cannot write {path}: {error.strerror}") from None

        url, headers = asking(region)
        status, got, said = request("GET", url, headers, sink=sink)
    there = got.get("x-amz-bucket-region") or between(said.decode("utf-8", "replace"), "Region")
    if status in (301, 307, 400, 403) and there and there != region == region_of():
        return download(asking, place, code, path, there)
    if status in PASSING or b"RequestTimeout" in said:
        raise Again(f"{place} answers {status}{told(said)}")
    if status == 404 and not any(one in said for one in (b"NoSuchBucket", b"ContainerNotFound")):
        raise absent(place, code)
    if status != 200:
        why = {401: "refuses the credentials", 403: "refuses access"}.get(status, f"answers {status}")
        raise Stop(f"{place} {why}{told(said)}")
    return digest.hexdigest()


def unpack(path: str, folder: str, wanted: tuple[str, ...]) -> set[str]:
    """Unpack a tar.gz (GNU's format, plain files only), of `.flowc/` only the wanted folders; the platforms it is for."""
    inflate, made, long = zlib.decompressobj(31), {folder}, ""
    platforms: set[str] = set()
    with open(path, "rb") as file:  # noqa: PTH123

        def take(size: int, sink: Callable[[bytes], Any]) -> None:
            while size:
                packed = inflate.unconsumed_tail or file.read(1 << 15)
                if not packed or inflate.eof:
                    raise Stop("the package is cut off")
                data = inflate.decompress(packed, size)
                size -= len(data)
                sink(data)

        def block(size: int) -> bytes:
            parts: list[bytes] = []
            take(-(-size // 512) * 512, parts.append)
            return b"".join(parts)[:size]

        while True:
            head = block(512)
            if not any(head):
                return platforms
            name, size, kind = head[:100].split(b"\0")[0].decode(), int(head[124:136].strip(b" \0"), 8), head[156:157]
            if kind == b"L":  # the next one's name
                long = block(size).rstrip(b"\0").decode()
                continue
            name, long = long or name, ""
            parts = name.split("/")
            if kind != b"0" or not set(parts).isdisjoint(("", ".", "..")):
                raise Stop(f"the package holds {name}, which is no plain file in it")
            if parts[0] == ".flowc":
                platforms.add(parts[1])
            if parts[0] != ".flowc" or "/".join(parts[:3]) in wanted:
                target = f"{folder}/{name}"
                parent = target.rpartition("/")[0]
                if parent not in made:
                    os.makedirs(parent, exist_ok=True)  # noqa: PTH103
                    made.add(parent)
                with open(target, "wb") as out:  # noqa: PTH123
                    take(size, out.write)
                if int(head[100:107], 8) & 0o100:
                    os.chmod(target, 0o755)  # noqa: PTH101
            else:
                take(size, len)
            take(-size % 512, len)


def make_folder() -> str:
    """A new folder for temporary files, made as `tempfile` would: that imports half of the standard library."""
    for place in filter(None, (one_of("TMPDIR"), one_of("TEMP"), one_of("TMP"), "/tmp", "/var/tmp")):
        try:
            folder = os.path.abspath(f"{place}/flowc-{os.urandom(8).hex()}")  # noqa: PTH100
            os.mkdir(folder, 0o700)  # noqa: PTH102
        except OSError:
            continue
        return folder
    raise Stop("there is no folder for temporary files: let /tmp be writable, or name another in TMPDIR")


def prepare() -> None:
    """Fetch and unpack the package, and let Python find what is in it."""
    if sys.version_info < NEEDED:
        raise Stop("this image has Python {}.{}, and flowc needs {}.{} or later".format(*sys.version_info[:2], *NEEDED))
    place, code = one_of("FLOWC_DATASTORE"), one_of("FLOWC_CODE")
    if not place or not code:
        raise Stop(f"the variable {'FLOWC_CODE' if place else 'FLOWC_DATASTORE'} is not set")
    sys.path[:1] = filter(None, sys.path[:1])  # not the current folder, whose files are nobody's business
    if code == "image":
        if not env("FLOWC_PACKAGE") or importlib.util.find_spec("flowc") is None:
            raise Stop("this image holds no flow that FLOWC_PACKAGE and PYTHONPATH lead to")
        return
    sys.dont_write_bytecode = True  # nobody will read it: the folder is this task's, and so is the container
    folder = make_folder()
    system = os.uname()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(system.machine, system.machine)
    platform = f"{system.sysname.lower()}-{machine}"
    wanted = (f".flowc/{platform}/any", f".flowc/{platform}/cp{sys.version_info[0]}{sys.version_info[1]}")
    packed = f"{folder}/.package"
    try:
        digest = fetch(place, code, packed)
        if digest != code.rpartition("/")[2].partition(".")[0]:
            raise Stop(f"the package {code} was damaged or replaced: its sha256 is {digest}; deploy the flow again")
        platforms = unpack(packed, folder, wanted)
        os.unlink(packed)  # noqa: PTH108
    except (OSError, ValueError, zlib.error) as error:
        raise Stop(f"cannot unpack the package into {folder}: {getattr(error, 'strerror', None) or error}") from None
    sys.path[:0] = [folder]
    sys.path += [f"{folder}/{one}" for one in wanted]
    if platforms and platform not in platforms and importlib.util.find_spec("obstore") is None:
        others, this = " and ".join(sorted(platforms)).replace("-", "/"), platform.replace("-", "/")
        raise Stop(f"this machine is {this}, and the package is for {others}: make it with --platform {this}")
    os.environ["FLOWC_PACKAGE"] = folder


def main() -> None:
    """Prepare, and become the runtime."""
    try:
        prepare()
    except Exception as error:
        what = error if isinstance(error, Stop) else f"{type(error).__name__}: {error} (a bug in flowc)"
        sys.stderr.write(f"flowc: cannot start: {what}\n")
        sys.exit(2)
    sys.exit(importlib.import_module("flowc.runtime.__main__").main())


if __name__ == "__main__":
    main()
