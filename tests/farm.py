"""A platform for the tasks of local runs, whose jobs are processes of this machine: each a container's entrypoint, with a
container's variables, in a package's folder and against a real store. What goes wrong on platforms goes wrong here, as often as
is asked for.

    farm = Farm(tmp_path, package, store_url)
    run_locally(…, elsewhere=farm.elsewhere("work"))
    farm.calls("start")                # what was asked of it, in whichever process
    farm.alive()                       # the jobs that still run

It is asked in the helper's process, so what it has seen is told by a file, and what it is to do wrong is set before the run.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from engines.processes import Place, Warm

from flowc.runtime import contract
from flowc.runtime.compute import Busy, ComputeError, Elsewhere, Order, Seen, Started
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import LogWriter
from flowc.runtime.records.manifest import Manifest, commit_manifest
from flowc.runtime.remote import agent, platforms, tails, troubles
from flowc.runtime.store import open_store

WARM = Path(__file__).parent / "engines" / "warm.py"


@dataclass
class Job:
    """A job: its variables, and its process once it has one."""

    id: str
    order: Order
    variables: dict[str, str]
    due: float
    process: Any = None
    told: str = ""
    ended: bool = False


@dataclass
class Farm:
    """A platform.

    Attributes:
        folder: Where it works.
        package: The folder with the flow and its plan.
        datastore: The store, as tasks name it.
        environment: What tasks need to reach that.
        tells: Whether a look waits for news.
        queue: Seconds before a job gets a machine; a function of its order, or a number.
        faults: How often something goes wrong yet: `busy start`, `lost answer`, `busy look`, `look refused`, `busy end`, …
        fate: What becomes of a job, by `step/path/attempt`: `never`, `killed`, `lost`, `early`, `no image`.
        alike: Whether several orders become one job of several containers.
        word, name, where: What it is called.
        refuses: Why it cannot be made ready.
        reasons: Why jobs wait, by step.
        pretends: Whether jobs are no processes, but leave a manifest and a line, as if they were.
        lasting: Whether jobs outlive the helper, as they do on platforms; they cost more then.
    """

    folder: Path
    package: Path
    datastore: str
    environment: Mapping[str, str] = field(default_factory=dict)
    tells: bool = False
    queue: Callable[[Order], float] | float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    fate: Mapping[str, str] = field(default_factory=dict)
    alike: bool = True
    word: str = "farm"
    name: str = "The Farm"
    where: str = "The Farm, field 7"
    refuses: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    pretends: bool = False
    lasting: bool = False

    def __post_init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._file = self.folder / "farm.jsonl"

    again = "--field 7"

    @property
    def pause(self) -> float:
        """Seconds between looks, as far as it asks for that."""
        return 0.0 if self.tells else 0.01

    def elsewhere(self, *steps: str) -> Elsewhere:
        """These steps run here."""
        return Elsewhere({self.word: self.prepare}, dict.fromkeys(steps, self.word))

    # What tests ask.

    def told(self) -> list[dict[str, Any]]:
        """All that was asked of it, and what it did."""
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return [json.loads(line) for line in lines]

    def calls(self, kind: str) -> list[dict[str, Any]]:
        """What was asked of one kind."""
        return [one for one in self.told() if one["call"] == kind]

    def helper(self) -> int:
        """The process that asks it."""
        return int(self.calls("prepare")[-1]["pid"])

    def alive(self) -> list[str]:
        """Where processes of jobs work that run still."""
        return list(self.processes().values())

    def processes(self) -> dict[int, str]:
        """The processes of jobs that run still, and where."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                folder = os.readlink(process / "cwd")
                if folder.startswith(f"{self.folder}/"):
                    found[int(process.name)] = folder
        return found

    def wait_until_none_is_alive(self, seconds: float = 10) -> None:
        """Jobs that are ended take a moment."""
        until = time.monotonic() + seconds
        while alive := self.alive():
            assert time.monotonic() < until, alive
            time.sleep(0.05)

    def clear(self) -> None:
        """End what is left of jobs that were started in this very process."""
        for job in self._jobs.values():
            if job.process is not None:
                job.process.signal(kill=True)
                job.process.wait(10)

    # What the helper asks.

    def prepare(self, say: Callable[[str], None]) -> Farm:
        """Start what starts the jobs."""
        self._tell("prepare", pid=os.getpid())
        if self._fault("slow prepare"):
            time.sleep(60)
        if self.refuses:
            raise ComputeError(self.refuses)
        if self._fault("bug in prepare"):
            raise ZeroDivisionError("prepare")
        say("the field is ploughed")
        return self

    def start(self, orders: Sequence[Order]) -> Iterator[Started]:
        """Start them, all as one; an order that was taken before is found by its name."""
        self._tell("start", orders=len(orders), step=orders[0].step, attempt=orders[0].attempt)
        assert {(one.step, one.attempt) for one in orders} == {(orders[0].step, orders[0].attempt)}
        if self._fault("bug in start"):
            raise ZeroDivisionError("start")
        if self._fault("start refused"):
            raise ComputeError("no such field")
        if self._fault("busy start"):
            raise Busy("a throttled field")
        if self._fault("slow start"):
            time.sleep(1.5)
        paths = contract.spell_paths(order.path for order in orders)
        taken = []
        for number, order in enumerate(orders):
            id = f"{order.run}-{order.step}-{order.path}-{order.attempt}"
            with self._lock:
                if id not in self._jobs:
                    where = {contract.PATH: order.path}
                    if self.alike and len(orders) > 1:
                        where = {contract.PATHS: paths, contract.ARRAY_INDEX: str(number)}
                    self._jobs[id] = self._job(id, order, where)
            taken.append(Started(order, id, f"https://farm.example/{id}"))
        if self._fault("lost answer"):
            raise Busy("the connection broke")
        for one in taken:
            yield one
            if self._fault("lost in the middle"):
                raise Busy("the connection broke")

    def look(self, ids: Collection[str], patience: float) -> Iterator[Seen]:
        """How far they are."""
        self._tell("look", jobs=len(ids))
        if self._fault("bug in look"):
            raise ZeroDivisionError("look")
        if self._fault("busy look"):
            raise Busy("fog")
        if self._fault("look refused"):
            raise ComputeError("you may not look")
        until = time.monotonic() + patience
        while True:
            came = False
            for id in ids:
                seen = self._seen(id)
                if seen is not None:
                    came = True
                    yield seen
            if not self.tells or came or time.monotonic() > until:
                return
            time.sleep(0.01)

    def explain(self, ids: Collection[str]) -> Mapping[str, str]:
        """Why they wait."""
        self._tell("explain", jobs=len(ids))
        if self._fault("busy explain"):
            raise Busy("fog")
        return {id: why for id in ids if (why := self.reasons.get(self._jobs[id].order.step))}

    def end(self, ids: Collection[str], why: str) -> Collection[str]:
        """Have them end."""
        self._tell("end", jobs=len(ids), why=why)
        if self._fault("busy end"):
            raise Busy("fog")
        if self._fault("end refused"):
            raise ComputeError("you may not end it")
        if self._fault("end hangs"):
            time.sleep(3600)
        if self._fault("bug in end"):
            raise ZeroDivisionError("end")
        stay = [id for id in ids if self._fault("cannot end")]
        with self._lock:
            # Those too whose answer was lost.
            for job in self._jobs.values():
                if job.id not in stay:
                    job.ended = True
                    if job.process is not None:
                        job.process.signal(kill=True)
        return stay

    def close(self) -> None:
        """Say what it cost."""
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        self._tell("close", cpu=used.ru_utime + used.ru_stime, memory=used.ru_maxrss)

    def _job(self, id: str, order: Order, where: Mapping[str, str]) -> Job:
        variables = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            contract.RUN: order.run,
            contract.STEP: order.step,
            contract.ATTEMPT: str(order.attempt),
            contract.DATASTORE: self.datastore,
            contract.PACKAGE: str(self.package),
            contract.BEGUN: "1",
            contract.TARGET: "local",
            **where,
            **self.environment,
        }
        queue = self.queue(order) if callable(self.queue) else self.queue
        return Job(id, order, variables, time.monotonic() + queue)

    def _seen(self, id: str) -> Seen | None:
        with self._lock:
            job = self._jobs.get(id)
            if job is None:
                return None
            now = time.monotonic()
            fate = self.fate.get(f"{job.order.step}/{job.order.path}/{job.order.attempt}", "")
            if job.told == "over":
                return None
            if job.ended and job.process is None:
                return self._over(job, Seen(id=id, phase="over", error="Ended", message="was ended before it began"))
            if fate == "no image":
                return self._over(
                    job, Seen(id=id, phase="over", error="NoImage", message="cannot start, since its image is not there")
                )
            if now < job.due or fate == "never":
                return self._at(job, Seen(id=id, phase="waiting"))
            if self.pretends:
                self._pretend(job.order)
                return self._over(job, Seen(id=id, phase="over", exit_code=0))
            if job.process is None:
                job.process = (PlainProcess if self.lasting else Process)(
                    ["python3", "-m", "flowc.runtime"], job.variables, self.folder / f"{id}-{now}"
                )
                self._tell("job", id=id)
                return self._at(job, Seen(id=id, phase="starting"))
            if fate == "early" and job.told == "running":  # before the store shows anything
                return self._over(job, Seen(id=id, phase="over", exit_code=0))
            code = job.process.wait(0)
            if code is not None:
                return self._over(job, Seen(id=id, phase="over", exit_code=code))
            if fate == "killed" and job.told == "running":
                job.process.signal(kill=True)
                job.process.wait(None)
                why = "was killed, since its machine was wanted back"
                return self._over(job, Seen(id=id, phase="over", error="Spot", message=why, exit_code=137))
            if fate == "lost" and job.told == "running":
                job.process.signal(kill=True)
                job.process.wait(None)
                return self._over(job, Seen(id=id, phase="over"))
            return self._at(job, Seen(id=id, phase="running"))

    def _pretend(self, order: Order) -> None:
        store, task, now = open_store(self.datastore), TaskId(order.run, order.step, order.path), time.time()
        done = Manifest(attempt=order.attempt, started=now, ended=now, chose=None, cardinality=None, artifacts={}, caught=None)
        flow = json.loads((self.package / contract.PLAN_FILE).read_bytes())["flow"]
        log = LogWriter(store, flow, task, order.attempt)
        log.line(False, f"at {order.path}")
        log.close()
        commit_manifest(store, flow, task, done)

    def _at(self, job: Job, seen: Seen) -> Seen | None:
        if job.told == seen.phase:
            return None if self.tells else seen
        job.told = seen.phase
        return seen

    def _over(self, job: Job, seen: Seen) -> Seen:
        job.variables, job.told = {}, "over"
        if self.pretends:
            del self._jobs[job.id]
        return seen

    def _fault(self, kind: str) -> bool:
        with self._lock:
            if not self.faults[kind]:
                return False
            self.faults[kind] -= 1
        self._tell("fault", kind=kind)
        return True

    def _tell(self, call: str, **more: Any) -> None:
        line = json.dumps({"call": call, "at": time.monotonic(), **more}) + "\n"
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(line)


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Have everything come sooner than people and platforms need it."""
    for module, name, seconds in (
        (platforms, "SOONEST", 0.05),
        (platforms, "LATEST", 0.1),
        (agent, "QUIET", 0.02),
        (agent, "AGAIN", (0.05, 0.2)),
        (tails, "SOONEST", 0.1),
        (tails, "LATEST", 0.2),
        (tails, "BETWEEN", 0.01),
        (troubles, "FIRST_WAIT", 0.05),
        (troubles, "PATIENCE", 0.3),
    ):
        patch.setattr(module, name, seconds)


class Process:
    """A job's process: a fork of a server that has the runtime loaded, and is shared by all farms of this test session."""

    _orders: socket.socket | None = None
    _server: subprocess.Popen[bytes]

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        assert Process._orders is not None, "warm() was not called"
        self._warm = Warm(Process._orders, argv, variables, Place(folder))

    def wait(self, timeout: float | None) -> int | None:
        """Its exit code, if it has ended by then."""
        with suppress(BlockingIOError):
            return self._warm.wait(timeout)
        return None

    def signal(self, *, kill: bool) -> None:
        """Have it ended."""
        self._warm.signal(kill=kill)

    @classmethod
    def warm(cls) -> None:
        """Start the server, which ends with this process."""
        if cls._orders is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-P", str(WARM), str(theirs.fileno())]
            cls._server = subprocess.Popen(
                command, env={"PATH": os.environ["PATH"]}, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
            theirs.close()
            cls._orders = ours


class PlainProcess:
    """A job's process that outlives whoever started it, as jobs do."""

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        Place(folder).make()
        program = [sys.executable if argv[0] == "python3" else argv[0], *argv[1:]]
        output = (folder / "output").open("ab")
        self._process = subprocess.Popen(
            program,
            env=dict(variables),
            cwd=folder / "work",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )
        output.close()

    def wait(self, timeout: float | None) -> int | None:
        """Its exit code, if it has ended by then."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    def signal(self, *, kill: bool) -> None:
        """Have it ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL if kill else signal.SIGTERM)
