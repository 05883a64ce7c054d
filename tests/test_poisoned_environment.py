"""Nothing of the shell in which a flow is compiled or deployed is in what comes out: no credential, no name, no setting.

Every variable that such shells have, and what their home folder holds, is a canary here.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from engines import Aws
from faults import proxy_to
from servers import Server

from flowc.targets.options import COMPUTE

CANARY = "CANARY7F3A"
VARIABLES = """
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION
    AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI
    AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ACCOUNT_ID AWS_EXECUTION_ENV AWS_BATCH_JOB_ID
    AWS_SSO_ACCOUNT_ID ECS_CONTAINER_METADATA_URI_V4 METAFLOW_USER METAFLOW_PROFILE METAFLOW_DATASTORE_SYSROOT_S3
    METAFLOW_DEFAULT_DATASTORE METAFLOW_SFN_IAM_ROLE METAFLOW_BATCH_JOB_QUEUE METAFLOW_SERVICE_AUTH_KEY METAFLOW_HOME USER
    LOGNAME USERNAME HOSTNAME HOST EMAIL EDITOR SHELL PWD OLDPWD KUBECONFIG SSH_AUTH_SOCK GITHUB_TOKEN GH_TOKEN GITLAB_TOKEN
    CI_JOB_TOKEN PIP_INDEX_URL TWINE_PASSWORD DATABASE_URL OPENAI_API_KEY GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL AZURE_STORAGE_KEY
    AZURE_CLIENT_SECRET GOOGLE_APPLICATION_CREDENTIALS DOCKER_CONFIG SUDO_USER FLOWC_USER FLOWC_NO_SUCH_SETTING
    FLOWC_DEFAULT_PARAMETERS FLOWC_RUN FLOWC_PARAMETERS FLOWC_INPUT
""".split()
NEEDED = {"PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ"}

FLOW = """
from flowc import *
from helper import WORD


def well():
    print(WORD)


@schedule(cron="0 6 * * 1-5", timezone="Europe/Berlin")
@trigger(event={"name": "sums.ready", "parameters": {"alpha": "share"}})
@exit_hook(on_success=[well], on_error=[well])
class Sums(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @retry(times=2)
    @resources(cpu=2, memory=4096)
    @environment(vars={"MODE": "full"})
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @secrets(sources=["arn:aws:secretsmanager:us-east-1:123456789012:secret:db"])
    @catch(var="failure")
    @timeout(seconds=90)
    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print(self.alpha)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a flow."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "sums.py").write_text(FLOW, encoding="utf-8")
    (folder / "helper.py").write_text("WORD = 'well done'\n", encoding="utf-8")
    return folder


@pytest.fixture
def poisoned(tmp_path: Path) -> dict[str, str]:
    """A shell full of canaries, whose home folder has more of them."""
    home = tmp_path / f"home-of-{CANARY}"
    for name, text in {
        ".aws/credentials": "[default]\naws_access_key_id = X\naws_secret_access_key = X\naws_session_token = X\n\n[X]\n"
        "aws_access_key_id = X\naws_secret_access_key = X\n",
        ".aws/config": "[default]\nregion = X\n\n[profile X]\nregion = X\nrole_session_name = X\nsso_account_id = X\n",
        ".netrc": "machine X login X password X\n",
        ".gitconfig": "[user]\n    name = X\n    email = X@example.com\n",
        ".metaflowconfig/config.json": '{"METAFLOW_USER": "X", "METAFLOW_DATASTORE_SYSROOT_S3": "s3://X"}',
        ".config/flowc.toml": 'image = "X"\n',
        ".docker/config.json": '{"auths": {"X": {"auth": "X"}}}',
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text.replace("X", CANARY), encoding="utf-8")
    (home / "tmp").mkdir()
    names = {*VARIABLES, *(name for name in os.environ if not name.startswith(("PYTHON", "FLOWC_", "PYTEST", "COV_")))} - NEEDED
    found = {name: f"{CANARY}-{name}" for name in names if not name.lower().endswith("_proxy")}
    found |= {"HOME": str(home), "TMPDIR": str(home / "tmp"), "XDG_CONFIG_HOME": str(home / ".config"), "AWS_PROFILE": CANARY}
    return found | {name: os.environ[name] for name in NEEDED if name in os.environ}


def flowc(folder: Path, environment: Mapping[str, str], *arguments: str) -> bytes:
    """Run a command line in a shell; all that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "flowc", *arguments], cwd=folder, env=dict(environment), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout + done.stderr


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("target", ["argo", *(f"sfn:{one}" for one in COMPUTE)])
def test_what_is_compiled(target: str, project: Path, poisoned: dict[str, str]) -> None:
    platform, _, compute = target.partition(":")
    given = ["compile", "sums.py", "--target", platform, *(["--compute", compute] if compute else [])]
    clean = {name: poisoned[name] for name in NEEDED & poisoned.keys()}
    made = []
    for place, environment in (("here", poisoned), ("there", clean)):
        printed = flowc(project, environment, *given), flowc(project, environment, *given, "-o", f"../{place}/out")
        made.append((printed[0], files_in(project.parent / place)))
        assert not canaries([*printed, *made[-1][1].values(), *(name.encode() for name in made[-1][1])])
    assert len(made[0][1]) > 3
    assert made[0] == made[1], "another shell makes the same bytes"


def test_what_is_deployed(aws: Aws, project: Path, poisoned: dict[str, str]) -> None:
    bucket = aws.bucket()
    with proxy_to(Server("", aws.endpoint, aws.environment)) as proxy:
        proxy.bodies = []
        poisoned |= {"AWS_ENDPOINT_URL": proxy.endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        del poisoned["AWS_ENDPOINT_URL_S3"]
        given = ["--target", "sfn", "--datastore", f"s3://{bucket}/flows", "--batch-queue", aws.batch_queue]
        roles = [f"--{name}-role={aws.role}" for name in ("sfn", "job", "execution", "events")]
        printed = flowc(project, poisoned, "deploy", "sums.py", *given, *roles, "--no-dependencies", "--yes")
        assert printed
        assert sum(one.method in ("PUT", "POST") for one in proxy.requests) > 10
        assert not canaries([printed, *proxy.bodies, *(one.path.encode() for one in proxy.requests)])
    s3 = aws.client("s3")
    objects = {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"]) for one in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    stored = [part for key, one in objects.items() for part in parts_of(key, one["Body"].read())]
    assert any(b"WORD = 'well done'" in part for part in stored), "the package was looked into"
    assert not canaries([*stored, *(repr({**one, "Body": None}).encode() for one in objects.values())])


def parts_of(key: str, data: bytes) -> Iterator[bytes]:
    """An object; of a package also what is packed in it, and what is said of that."""
    yield data
    if key.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                yield repr(member.get_info()).encode()
                file = archive.extractfile(member)
                yield file.read() if file else b""


def canaries(texts: list[bytes]) -> list[bytes]:
    """Those that hold one, with a little of what is around it."""
    word = CANARY.lower().encode()
    lowered = [one.lower() for one in texts]
    return [one[max(0, one.index(word) - 80) :][:160] for one in lowered if word in one]
