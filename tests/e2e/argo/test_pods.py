"""What `@kubernetes` says of a pod is so in the pod; and what a pod may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wide import flow

from e2e.argo.conftest import CREDENTIALS, Ship
from e2e.argo.settings import Settings
from e2e.argo.shell import mark, marked, wait_for
from flowc.runtime.store import open_store

FLOW = f"""
from flowc import *
import os
import time


class Pods(FlowSpec):
    @kubernetes(
        labels={{"team": "science"}},
        annotations={{"note": "a/b = 1, $(PATH)"}},
        tolerations=[{{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}}],
        shared_memory=96,
        use_tmpfs=True,
        tmpfs_size=64,
        tmpfs_path="/fast",
        secrets=["{CREDENTIALS}"],
        port=8080,
        security_context={{"run_as_user": 1000, "run_as_group": 1000}},
    )
    @environment(vars={{"GREETING": "$(PATH) `id`"}})
    @step
    def start(self):
        {mark("running")}
        while not {marked("seen")}:
            time.sleep(0.5)
        self.user = os.getuid()
        self.greeting = os.environ["GREETING"]
        self.secret = "AWS_ACCESS_KEY_ID" in os.environ
        size = {{path: os.statvfs(path) for path in ("/dev/shm", "/fast")}}
        self.sizes = {{path: one.f_blocks * one.f_frsize >> 20 for path, one in size.items()}}
        with open("/fast/x", "w") as file:
            file.write("x")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_pod_is_as_the_flow_says(ship: Ship, tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(FLOW, encoding="utf-8")
    deployed = ship(file)
    run = deployed.start()
    store = open_store(deployed.shell.place)
    wait_for(store, "running")
    cluster = deployed.shell.cluster
    (pod,) = [one for one in cluster.pods(run) if one.status.phase == "Running"]
    store.put("seen", b"1")
    assert pod.metadata.labels["team"] == "science"
    assert pod.metadata.annotations["note"] == "a/b = 1, $(PATH)"
    assert ("spot", "Exists", "NoSchedule") in [(one.key, one.operator, one.effect) for one in pod.spec.tolerations]
    (main,) = [one for one in pod.spec.containers if one.name == "main"]
    assert [one.container_port for one in main.ports] == [8080]
    assert {one.mount_path for one in main.volume_mounts} >= {"/dev/shm", "/fast"}
    assert main.security_context.run_as_user == 1000
    ran = deployed.ended(run)
    assert ran.status == "Succeeded", ran.report()
    found = json.loads(ran.kept())["start/-"]
    assert found["user"] == "1000"
    assert found["greeting"] == repr("$(PATH) `id`")
    assert found["secret"] == "True"
    assert found["sizes"] == repr({"/dev/shm": 96, "/fast": 64})


def test_a_deployment_brings_an_account_that_may_do_what_its_runs_need(
    ship: Ship, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings.service_account is not None:
        pytest.skip("FLOWC_E2E_SERVICE_ACCOUNT names who pods are: here nobody may make accounts")
    monkeypatch.delenv("FLOWC_SERVICE_ACCOUNT")
    file = tmp_path / "flow.py"
    file.write_text(flow("range(self.width)").replace("class Wide(", "class Granted("), encoding="utf-8")
    deployed = ship(file, "--with-rbac")
    cluster = deployed.shell.cluster
    assert deployed.name in cluster.accounts()
    ran = deployed.run("--width", "2")
    assert ran.status == "Succeeded", ran.report()  # what a split puts out is written by its pod
    assert {one.spec.service_account_name for one in cluster.pods(ran.id)} == {deployed.name}
    assert deployed("undeploy", "--yes").code == 0
    assert deployed.name not in cluster.accounts()
