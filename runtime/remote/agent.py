"""The helper: starts and watches tasks elsewhere, reads what they leave, and tells the scheduler.

    asked                                        answered
    ("run", id)                                  ("say", line)
    ("start", step, path, number)                ("ready", {word: (name, where, again)}) or ("refused", why), before a run begins
    ("end", why)                                 ("phase", phase, word, step, [(path, number, job)])
                                                 ("lines", step, path, number, [(is_error, text)])
                                                 ("done", step, path, number, chose, cardinality, caught, seconds)
                                                 ("failed", step, path, number, failure, told, link)
                                                 ("waits", word, step, path, number, how many, why)
                                                 ("trouble", why), ("bug", traceback): the run cannot go on
                                                 ("over", [(word, how many, why)]): the jobs that could not be ended

What threads find out they `post` as calls, which the main thread makes; so nothing here is locked. The helper pays no heed to
signals: it ends when it is told to, or when the scheduler is gone. In both cases it first ends the jobs.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..compute import ComputeError, Elsewhere, Order, Phase, Seen, Started
from ..errors import RecordError, StoreError
from ..local.direct import Name
from ..local.messages import CHUNK, Answers, Messages, take_frames
from ..paths import TaskId
from ..records.logs import LogReader
from ..store import Store
from . import waits
from .jobs import Done, Ending, Failed, Job, find_ending
from .platforms import Platform
from .tails import Line, Tails, read_new
from .threads import Threads
from .troubles import Troubles

QUIET, LONGEST = 0.1, 2.0
"""Seconds for which nothing more is ordered, and after which what was is started anyway: as much as there is goes at once."""
AT_ONCE = 500
"""How many orders are started with one call, which cannot be broken off."""
AGAIN = (1.0, 3.0)
"""Seconds after which the store is asked again what became of an attempt that has left nothing there: platforms may be faster."""
UNREAD = 1800.0
"""Seconds for which the store may fail before the run ends for that."""
ENDING, ENDING_ALONE = 30.0, 600.0
"""Seconds for which jobs that cannot be ended are ended again: while somebody waits for it, and when nobody does."""
_CREW = 16


class Agent:
    """The helper, for one run.

    Args:
        pipe: Where it is asked, and answers.
        flow: The flow's name.
    """

    def __init__(self, pipe: socket.socket, store: Store, flow: str, elsewhere: Elsewhere) -> None:
        self._socket, self._store, self._flow, self._elsewhere = pipe, store, flow, elsewhere
        self._answers = Answers(pipe)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._crew = Threads(_CREW, "crew", self.failed)
        self._store_troubles = Troubles("the datastore", self._say_later)
        self._platforms: dict[str, Platform] = {}
        self._waits = waits.Waits()
        self._tails = Tails()
        self._run = ""
        self._jobs: dict[Name, Job] = {}
        self._by_id: dict[tuple[str, str], Job] = {}
        self._ordered: dict[tuple[str, str, int], list[Order]] = {}  # by platform, step and number
        self._first_order = self._last_order = 0.0
        self._news: Messages = []
        self._phases: dict[tuple[Phase, str, str], list[tuple[str, int, str]]] = {}
        self._bugs = 0
        self._alone = False
        self._ending: float | None = None  # since when
        self._unended: dict[str, tuple[Collection[str], str] | None] = {}
        self._over = False

    def serve(self) -> None:
        """Do what is asked, until nothing is left to do."""
        threading.Thread(target=self._listen, name="flowc-listen", daemon=True).start()
        try:
            if self._prepare():
                while not self._over:
                    self._turn()
        finally:
            self._flush()
            self._answers.give([("over", list(self._left()))])
            for platform in self._platforms.values():
                platform.close()
            self._crew.close()
            self._socket.close()

    # What happens in other threads.

    def started(self, platform: Platform, started: Started) -> None:
        """An order was taken."""
        self._inbox.put(partial(self._on_started, platform, started))

    def seen(self, platform: Platform, seen: Seen) -> None:
        """A job is farther than it was."""
        self._inbox.put(partial(self._on_seen, platform, seen))

    def refused(self, platform: Platform, order: Order, why: str) -> None:
        """An order can not be taken, nor could another."""
        task = TaskId(order.run, order.step, order.path)
        self.broken(f"the task {task} cannot be started on {platform.name}: {why}")

    def broken(self, why: str) -> None:
        """The run cannot go on."""
        self._inbox.put(partial(self._tell, "trouble", why))

    def failed(self) -> None:
        """A bug, within the handler of its exception."""
        import traceback

        self._inbox.put(partial(self._on_bug, traceback.format_exc()))

    def _say_later(self, line: str) -> None:
        self._inbox.put(partial(self._tell, "say", line))

    def _listen(self) -> None:
        unread = bytearray()
        try:
            while data := self._socket.recv(CHUNK):
                unread += data
                for messages in take_frames(unread):
                    self._inbox.put(partial(self._hear, messages))
        except OSError:
            pass
        self._inbox.put(self._be_alone)

    # What happens in the main thread.

    def _prepare(self) -> bool:
        """Make the platforms ready; whether they are."""
        for word, prepare in self._elsewhere.platforms.items():
            if word not in self._elsewhere.steps.values():
                continue
            try:
                compute = prepare(lambda line: self._answers.give([("say", line)]))
            except ComputeError as error:
                self._answers.give([("refused", str(error))])
                return False
            except Exception:
                import traceback

                self._answers.give([("bug", traceback.format_exc())])
                return False
            self._platforms[word] = Platform(word, compute, self, self._say_later)
        computes = {word: platform.compute for word, platform in self._platforms.items()}
        ready = {word: (one.name, one.where, one.again) for word, one in computes.items()}
        self._answers.give([("ready", ready)])
        return True

    def _turn(self) -> None:
        """Do what there is to do now, or wait for it."""
        now = time.monotonic()
        due = [at for at in (self._timers[0][0] if self._timers else None, self._tails.due()) if at is not None]
        wait = max(0.0, min(due) - now) if due else None
        try:
            call = self._inbox.get(timeout=wait)
            while True:
                self._guard(call)
                call = self._inbox.get_nowait()
        except queue.Empty:
            pass
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._guard(heapq.heappop(self._timers)[2])
        while (job := self._tails.take(now)) is not None:
            self._crew.do(partial(self._read, job))
        self._flush()

    def _guard(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            import traceback

            self._on_bug(traceback.format_exc())

    def _on_bug(self, text: str) -> None:
        self._bugs += 1
        if self._bugs == 1:
            self._tell("bug", text)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), call))

    def _tell(self, *message: Any) -> None:
        self._news.append(message)

    def _flush(self) -> None:
        phases: Messages = [("phase", *key, moved) for key, moved in self._phases.items()]
        if phases or self._news:
            self._answers.give([*phases, *self._news])
            self._phases, self._news = {}, []

    def _hear(self, messages: Messages) -> None:
        for kind, *told in messages:
            if kind == "run":
                self._run = told[0]
                self._later(waits.EVERY, self._ask_why)
            elif kind == "start":
                self._order(*told)
            elif kind == "end" and self._ending is None:
                self._end(*told)

    def _be_alone(self) -> None:
        self._alone = True
        if self._ending is None:
            self._end("the process that ran it is gone")

    def _order(self, step: str, path: str, number: int) -> None:
        """Note that an attempt is to be started; more may come."""
        if self._ending is not None:
            return
        name, task = (step, path, number), TaskId(self._run, step, path)
        word = self._elsewhere.steps[step]
        self._jobs[name] = Job(name, task, self._platforms[word], LogReader(self._store, self._flow, task, number))
        self._last_order = time.monotonic()
        if not self._ordered:
            self._first_order = self._last_order
            self._later(QUIET, self._start)
        self._ordered.setdefault((word, step, number), []).append(Order(self._run, step, path, number))

    def _start(self) -> None:
        """Start what was ordered, unless more is coming."""
        now = time.monotonic()
        quiet = now + QUIET if self._ends_come() else self._last_order + QUIET
        rest = min(quiet, self._first_order + LONGEST) - now
        if rest > 0:
            self._later(rest, self._start)
            return
        ordered, self._ordered = self._ordered, {}
        if self._ending is None:
            for (word, _, _), orders in ordered.items():
                for first in range(0, len(orders), AT_ONCE):
                    self._platforms[word].start(orders[first : first + AT_ONCE])

    def _ends_come(self) -> bool:
        """Whether others have just been seen to be over, so that there will soon be room for more. Those that are looked at now
        and then are seen so together."""
        return any(job.over is not None and job.platform.compute.pause > 0 for job in self._jobs.values())

    def _on_started(self, platform: Platform, started: Started) -> None:
        order = started.order
        job = self._jobs.get((order.step, order.path, order.attempt))
        if job is None or job.id == started.id:
            return
        job.id, job.link = started.id, started.link
        self._by_id[platform.word, job.id] = job
        if job.phase is None:
            self._note(job, "waiting")

    def _on_seen(self, platform: Platform, seen: Seen) -> None:
        job = self._by_id.get((platform.word, seen.id))
        if job is not None and job.over is None:
            if seen.phase == "over":
                job.over = seen
                if not job.reading:
                    self._find_ending(job)
                return
            if seen.phase == "running" and job.began is None:
                job.began = time.time()
                self._tails.follow(job, time.monotonic())
            if seen.phase != job.phase:
                self._note(job, seen.phase)

    def _note(self, job: Job, phase: Phase) -> None:
        job.phase = phase
        step, path, number = job.name
        self._phases.setdefault((phase, job.platform.word, step), []).append((path, number, job.id))

    def _read(self, job: Job) -> None:
        """In a thread: look at a log."""
        lines: list[Line] = []
        try:
            lines = read_new(job.log)
        finally:
            self._inbox.put(partial(self._on_read, job, lines))

    def _on_read(self, job: Job, lines: list[Line]) -> None:
        self._tails.took(job, len(lines), time.monotonic())
        self._show(job, lines)
        if job.over is not None:
            self._find_ending(job)

    def _show(self, job: Job, lines: Sequence[Line]) -> None:
        if lines:
            job.last = lines[-1][1]
            self._tell("lines", *job.name, list(lines))

    def _find_ending(self, job: Job) -> None:
        if self._ending is None:
            self._crew.do(partial(self._ask_store, job, job.looks >= len(AGAIN)))
            job.looks += 1

    def _ask_store(self, job: Job, sure: bool) -> None:
        """In a thread: find out what became of an attempt that is over."""
        try:
            ending = find_ending(self._store, self._flow, job, sure=sure)
        except StoreError as error:
            self._inbox.put(partial(self._on_unread, job, error))
        else:
            self._inbox.put(partial(self._on_ending, job, ending))

    def _on_unread(self, job: Job, error: StoreError) -> None:
        wait = self._store_troubles.met("ending", error)
        if isinstance(error, RecordError) or self._store_troubles.lasts() > UNREAD:
            self._tell("trouble", str(error))
            return
        job.looks -= 1
        self._later(wait, partial(self._find_ending, job))

    def _on_ending(self, job: Job, ending: Ending | None) -> None:
        self._store_troubles.over("ending")
        if ending is None:
            self._later(AGAIN[job.looks - 1], partial(self._find_ending, job))
            return
        del self._jobs[job.name]
        self._by_id.pop((job.platform.word, job.id), None)
        job.platform.forget(job.id)
        self._show(job, ending.lines)
        match ending:
            case Done(chose, cardinality, caught, seconds):
                self._tell("done", *job.name, chose, cardinality, caught, seconds)
            case Failed(failure, told, known):
                self._tell("failed", *job.name, failure.to_json(), told, None if known else job.link)

    def _ask_why(self) -> None:
        """Ask platforms why jobs wait for long."""
        if self._ending is None:
            for platform, jobs in self._waits.to_ask(self._jobs.values(), time.monotonic()):
                self._crew.do(partial(self._explain, platform, jobs))
            self._later(waits.EVERY, self._ask_why)

    def _explain(self, platform: Platform, jobs: Sequence[Job]) -> None:
        """In a thread: ask a platform why jobs wait."""
        try:
            found = platform.compute.explain([job.id for job in jobs])
        except ComputeError:
            return  # it is asked again, and tells of its troubles elsewhere
        self._inbox.put(partial(self._on_explained, platform, jobs, found))

    def _on_explained(self, platform: Platform, jobs: Sequence[Job], found: Mapping[str, str]) -> None:
        for job, why in self._waits.news(platform.word, jobs, found):
            alike = sum(other.name[0] == job.name[0] and waits.is_waiting(other) for other in self._jobs.values())
            self._tell("waits", platform.word, *job.name, alike, why)

    def _end(self, why: str) -> None:
        """End all jobs, and then this process."""
        self._ending = time.monotonic()
        self._unended = dict.fromkeys(self._platforms)
        for word, platform in self._platforms.items():
            platform.end(why, self._end_until, partial(self._ended, word))
        self._watch_end()

    def _end_until(self) -> float:
        assert self._ending is not None
        return self._ending + (ENDING_ALONE if self._alone else ENDING)

    def _ended(self, word: str, left: Collection[str], why: str) -> None:
        """In a thread: a platform has ended what it could."""
        self._inbox.put(partial(self._on_ended, word, left, why))

    def _on_ended(self, word: str, left: Collection[str], why: str) -> None:
        self._unended[word] = (left, why)
        self._watch_end()

    def _left(self) -> Iterator[tuple[str, int, str]]:
        """The jobs that could not be ended, by platform."""
        for word, ended in self._unended.items():
            if ended is not None and ended[0]:
                yield word, len(ended[0]), ended[1]

    def _watch_end(self) -> None:
        """Be over when all is ended, or when ending hangs."""
        late = time.monotonic() > self._end_until() + 10
        for word, platform in self._platforms.items():
            if late and self._unended[word] is None:
                self._unended[word] = (platform.ids(), "it does not answer")
        self._over = all(self._unended.values())
        if not self._over:
            self._later(1.0, self._watch_end)
