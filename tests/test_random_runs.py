"""Random flows that fail here and there: a local run, and a run by Step Functions' interpreter, agree on all that is kept.

In CI there are 200; FLOWC_RANDOM_GRAPHS says how many, and the first of many are those of few. Local runs are `flowc run`; the
machine's jobs are processes of the containers' own entrypoint, in an image that holds the flow. What the command of a container
does before, and packages, golden flows show.

By the rules of Argo (`evaluators.argo`), which costs no processes, these and 300 more are run, whose steps have names that
nobody would choose: the same tasks run, and as many attempts of each fail.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from deployed import environment, failures, in_image
from engines import Aws
from engines.account import engine
from engines.processes import Runners
from evaluators import Outcome, TaskFailed, argo, tasks
from failing import DEPTH, Failing, Result, disagreements, faults_of, flows, runner_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_golden_runs import kept

from flowc.compiler.diagnostics.model import Report
from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.store import LocalStore, Store, open_store
from flowc.targets.argo.deployment import deployment_of as argo_deployment_of
from flowc.targets.options import Options
from flowc.targets.sfn.deployment import deployment_of

COUNT = int(os.environ.get("FLOWC_RANDOM_GRAPHS") or 200)
VERB = """
    click flowc.cli.program flowc.cli.run flowc.cli.running flowc.cli.packaging flowc.compiler.pipeline flowc.compiler.plan
    flowc.runtime.local.scheduler flowc.runtime.local.attempts flowc.runtime.local.processes flowc.runtime.records.runs
""".split()
"""What `flowc run` imports."""
MORE = 300
AT_ONCE = 200
"""How many one engine runs: it forgets nothing."""


@pytest.fixture(scope="module")
def drawn() -> Sequence[Failing]:
    """The flows, none of them twice."""
    return draw(COUNT, flows())


def draw(count: int, some: st.SearchStrategy[Failing]) -> list[Failing]:
    """So many flows, none of them twice."""
    found: dict[str, Failing] = {}

    @settings(max_examples=count + count // 4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(some)
    def take(flow: Failing) -> None:
        if len(found) < count:
            found[flow.text] = flow

    take()
    assert len(found) == count
    return list(found.values())


def test_they_are_as_different_as_they_should_be(drawn: Sequence[Failing]) -> None:
    depths = Counter(flow.depth for flow in drawn)
    assert all(depths[depth] >= COUNT // 10 for depth in range(1, DEPTH + 1)), depths
    for word in ("foreach=", "condition=", "max_iterations=", "@catch", "@retry", "'inline'", "'distributed'", "if self.kind"):
        assert sum(word in flow.text for flow in drawn) >= COUNT // 10, word
    assert sum(bool(flow.fatal) for flow in drawn) in range(COUNT // 3, COUNT * 3 // 4)


def test_runs_agree(drawn: Sequence[Failing], tmp_path: Path) -> None:
    wrong = []
    for start in range(0, COUNT, AT_ONCE):
        part = drawn[start : start + AT_ONCE]
        folders = [tmp_path / str(start + number) for number in range(len(part))]
        for flow, folder in zip(part, folders, strict=True):
            write(flow, folder)
        with runners(tmp_path) as here:
            ones = at_once(part, folders, run_here(here))
        with engine() as aws, environment(aws.environment):
            others = at_once(part, folders, run_there(aws))
        for flow, folder, one, other in zip(part, folders, ones, others, strict=True):
            said = [f"here: {fault}" for fault in faults_of(flow, one)]
            said += [f"there: {fault}" for fault in faults_of(flow, other)]
            said = said or list(disagreements(flow, one, other)) + list(disagreements_with_argo(flow, one))
            if said:
                wrong.append("\n".join([folder.name, *said, flow.text]))
    assert not wrong, f"{len(wrong)} of {COUNT} disagree\n" + "\n\n".join(wrong[:5])


def test_runs_of_ill_named_steps_agree_with_argo(tmp_path: Path) -> None:
    drawn = draw(MORE, flows(well_named=False))
    folders = [tmp_path / str(number) for number in range(len(drawn))]
    for flow, folder in zip(drawn, folders, strict=True):
        write(flow, folder)
    with runners(tmp_path) as here:
        ones = at_once(drawn, folders, run_here(here))
    wrong = []
    for flow, one in zip(drawn, ones, strict=True):
        if said := [*faults_of(flow, one), *disagreements_with_argo(flow, one)]:
            wrong.append("\n".join([*said, flow.text]))
    assert not wrong, f"{len(wrong)} of {MORE} disagree\n" + "\n\n".join(wrong[:5])


def disagreements_with_argo(flow: Failing, here: Result) -> Iterator[str]:
    """What Argo's rules make of a flow's documents that a local run did not do, or that nobody should."""
    report = Report()
    manifest = argo_deployment_of(flow.flow, Options(max_workers=4), report).template
    assert not report.failed, report.sorted()
    done = set[str]()
    failed: dict[str, list[int]] = {}
    run = runner_of(flow)

    def noting(step: str, path: str, attempt: int) -> Outcome:
        task = f"{step}/{path}"
        try:
            outcome = run(step, path, attempt)
        except TaskFailed:
            failed.setdefault(task, []).append(attempt)
            raise
        assert task not in done, f"{task} ran twice"
        done.add(task)
        return outcome

    try:
        argo.run(manifest, tasks(noting))
        succeeded = True
    except TaskFailed:
        succeeded = False
    if succeeded == bool(flow.fatal):
        yield f"on Argo the run {'succeeded' if succeeded else 'failed'}"
    # Neighbours of what fails run to their end on Argo, and whatever waits for it does not run.
    wanted = {task for task, before in flow.awaited.items() if not before & flow.fatal}
    if done != wanted:
        yield f"on Argo there ran {sorted(done - wanted)}, and there did not {sorted(wanted - done)}"
    if not flow.fatal and done != here.kept.keys():
        yield f"only one of the runs ran {sorted(done ^ here.kept.keys())}"
    yield from (f"{task} ran here, and not on Argo" for task in sorted(here.kept.keys() - done))
    alone = flow.fatal if len(flow.fatal) == 1 else set()  # of several, whichever comes first stops the others here
    for task in sorted(here.kept.keys() | alone):
        if (mine := sorted(here.failures.get(task, ()))) != (its := failed.get(task, [])):
            yield f"of {task} the attempts {mine} failed here, and on Argo {its}"


Run = Callable[[Failing, Path], Result]


def at_once(part: Sequence[Failing], folders: Sequence[Path], run: Run) -> list[Result]:
    """Run flows, several at a time."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, part, folders))


def write(flow: Failing, folder: Path) -> None:
    """The flow as an image holds it."""
    folder.mkdir()
    (folder / contract.PLAN_FILE).write_text(plan_text(flow.flow), encoding="utf-8")
    (folder / "flow.py").write_text(flow.text, encoding="utf-8")


@contextmanager
def runners(folder: Path) -> Iterator[Runners]:
    """What starts processes, for a while."""
    found = Runners(folder, "", VERB)
    try:
        yield found
    finally:
        found.close()


def run_here(runners: Runners) -> Run:
    """`flowc run`, in forks of a process that has it imported."""

    def run(_flow: Failing, folder: Path) -> Result:
        store = LocalStore(folder / "store")
        arguments = ["run", str(folder / "flow.py"), "--datastore", str(store), "--max-workers", "4", "--quiet"]
        running = runners.start(["python3", "-m", "flowc", *arguments], {}, f"here-{folder.name}")
        code = running.wait(None)
        assert code in (0, 1), running.output()
        return result(store, code == 0, running.output())

    return run


def run_there(aws: Aws) -> Run:
    """An execution of the flow's machine."""

    def run(flow: Failing, folder: Path) -> Result:
        report = Report()
        options = Options(datastore=f"s3://{aws.bucket()}/flows", batch_queue=aws.batch_queue, max_workers=4)
        made = deployment_of(flow.flow, options, report)
        assert not report.failed, report.sorted()
        execution = aws.run(made.definition, in_image(made.jobs, folder), {}, "1")
        return result(open_store(options.datastore), execution.status == "SUCCEEDED", f"{execution.error} {execution.cause}")

    return run


def result(store: Store, ok: bool, told: str) -> Result:
    """What a run left."""
    found: dict[str, dict[int, str]] = {}
    for name, why in failures(store, "Random", "1").items():
        task, _, attempt = name.rpartition("/")
        found.setdefault(task, {})[int(attempt.removeprefix("attempt-").removesuffix(".json"))] = why
    return Result(ok, told, json.loads(kept(store, "Random", "1", gap=10)), found)
