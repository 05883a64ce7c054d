"""The entrypoint as a parent: what becomes of output, signals, crashes and processes that the user's code leaves behind."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from flowc.runtime.container.memory import Memory, explain_kill, read_memory, size
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines
from flowc.runtime.records.manifest import read_failure, read_manifest
from flowc.runtime.records.runs import read_run

SMALL = """
    import ctypes, os, signal, subprocess, sys, threading, time
    from flowc import *

    class Small(FlowSpec):
        @step
        def start(self):
            BODY
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def small(write, body):
    return write(SMALL.replace("BODY", body.strip().replace("\n", "\n            ")))


def begin(flow, run="r", attempt=0, **more):
    """A container that runs, and has printed its first line."""
    command, settings = flow.container_command(run, "start", attempt=attempt, **more)
    process = subprocess.Popen(command, **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    return process, process.stdout.readline()


def log_of(flow, run="r", attempt=0):
    return [(line.is_error, line.text) for line in read_lines(flow.store, "Small", TaskId(run, "start", "-"), attempt)]


def failure_of(flow, run="r", attempt=0):
    return read_failure(flow.store, "Small", TaskId(run, "start", "-"), attempt)


def is_done(flow, run="r"):
    return read_manifest(flow.store, "Small", TaskId(run, "start", "-")) is not None


def gone(pid):
    """Whether a process is no more, or will be in a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_output_is_kept(write):
    flow = small(
        write, "print('out', flush=True); time.sleep(0.1); print('err', file=sys.stderr); time.sleep(0.1); print('more')"
    )
    done = flow.container("r", "start")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\nmore\n", "err\n")
    assert log_of(flow) == [(False, "out"), (True, "err"), (False, "more")]
    assert flow.container("r", "end").stdout == ""
    assert flow.store.get("Small/r/end/-/log-0/000000") is None


def test_failures_are_in_the_log(write):
    flow = small(write, "1 / 0")
    done = flow.container("r", "start")
    assert [text for is_error, text in log_of(flow) if is_error] == done.stderr.splitlines()
    assert done.stderr.splitlines()[-1] == "flowc: attempt 0 of the task start failed"


def test_output_is_live(write):
    flow = small(write, "print('first'); time.sleep(600)")
    process, line = begin(flow)
    assert line == b"first\n"
    until = time.monotonic() + 60
    while log_of(flow) != [(False, "first")]:
        assert time.monotonic() < until
        time.sleep(0.1)
    process.kill()
    process.communicate()
    assert log_of(flow) == [(False, "first")]  # after a kill too


def test_bytes_are_handed_on_as_they_are(write):
    data = bytes(range(256)) * 3 + b"\r10%\r20%\n\xff\x00\n" + "é".encode()[:1]
    flow = small(write, f"os.write(1, {data!r}); os.write(2, {data[::-1]!r})")
    command, settings = flow.container_command("r", "start")
    done = subprocess.run(command, **settings, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, data, data[::-1])
    assert (False, "20%") in log_of(flow)
    assert (False, "\ufffd\x00") in log_of(flow)


def test_much_output(write):
    flow = small(write, "for number in range(300_000): sys.stdout.write(f'line {number}\\n')")
    done = flow.container("r", "start")
    assert done.stdout == "".join(f"line {number}\n" for number in range(300_000))
    assert [text for _, text in log_of(flow)] == done.stdout.splitlines()


def test_a_stream_that_nobody_reads(write):
    flow = small(write, "for number in range(20_000): print('line', number)\nself.x = 1")
    command, settings = flow.container_command("r", "start")
    process = subprocess.Popen(command, **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert len(log_of(flow)) == 20_000


@pytest.mark.parametrize(
    ("body", "code", "kind", "words"),
    [
        ("os._exit(0)", 1, "ExitError", r"ended its process inside the step, with exit code 0, as os\._exit does"),
        ("os._exit(7)", 1, "ExitError", r"ended its process inside the step, with exit code 7, as os\._exit does"),
        (
            "os.kill(os.getpid(), 9)",
            137,
            "KilledError",
            r"was killed by SIGKILL \(the system does that when memory runs out; it used",
        ),
        ("os.kill(os.getpid(), 15)", 143, "KilledError", r"was killed by SIGTERM"),
        ("os.abort()", 134, "KilledError", r"was killed by SIGABRT"),
        ("os.killpg(0, 9)", 137, "KilledError", r"was killed by SIGKILL"),
    ],
)
def test_a_process_that_ends(write, body, code, kind, words):
    flow = small(write, f"print('here')\n{body}")
    done = flow.container("r", "start")
    assert done.returncode == code
    assert done.stdout == "here\n"
    failure = failure_of(flow)
    assert failure.type == kind
    assert re.match(words, failure.message)
    assert done.stderr.splitlines()[-1] == f"flowc: attempt 0 of the task start {failure.message}"
    assert log_of(flow)[0] == (False, "here")
    assert log_of(flow)[-1] == (True, done.stderr.splitlines()[-1])
    assert not is_done(flow)


def test_a_crash_shows_where(write):
    flow = small(write, "self.before = 1\nctypes.string_at(0)")
    done = flow.container("r", "start")
    assert done.returncode == 139
    assert failure_of(flow).message == "was killed by SIGSEGV"
    lines = [text for _, text in log_of(flow)]
    assert "Fatal Python error: Segmentation fault" in lines
    assert any(re.fullmatch(rf'  File "{flow.file}", line [0-9]+ in start', line) for line in lines)


REACTS = """
def stop(signum, frame):
    os.write(1, b'reacts' + bytes([10]))  # print may be what the signal has interrupted
    REACT
signal.signal(signal.SIGTERM, stop)
print(os.getpid())
time.sleep(600)
"""


def test_an_interruption(write):
    flow = small(write, "child = subprocess.Popen(['sleep', '600'])\nprint(os.getpid(), child.pid)\ntime.sleep(600)")
    process, line = begin(flow)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert time.monotonic() - began < 5
    assert process.returncode == 143
    words = "was interrupted (SIGTERM) by the platform, as on a spot interruption, a deletion or a time-out"
    assert err.decode() == f"flowc: attempt 0 of the task start {words}\n"
    assert (failure_of(flow).type, failure_of(flow).message) == ("InterruptedError", words)
    assert log_of(flow) == [(False, line.decode().strip()), (True, err.decode().strip())]
    assert all(gone(pid) for pid in line.decode().split())
    assert not is_done(flow)


@pytest.mark.parametrize(
    ("react", "code", "more"),
    [
        ("raise SystemExit(4)", 143, "; its code then ended with SystemExit: 4"),
        ("raise ValueError('no')", 143, "; its code then ended with ValueError: no"),
        ("os._exit(0)", 143, ""),
        ("time.sleep(600)", 143, ""),
    ],
)
def test_code_that_reacts(write, react, code, more):
    flow = small(write, REACTS.replace("REACT", react))
    process, _ = begin(flow)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == b"reacts\n"
    process.send_signal(signal.SIGTERM)  # another changes nothing but what the user's code makes of it
    process.communicate()
    assert process.returncode == code
    assert failure_of(flow).message.startswith("was interrupted (SIGTERM) by the platform")
    assert failure_of(flow).message.endswith(more or "or a time-out")
    assert (False, "reacts") in log_of(flow)


def test_code_that_comes_to_its_end_in_time(write):
    flow = small(
        write,
        "over = []\nsignal.signal(signal.SIGTERM, lambda *_: over.append(1))\nprint('here')\nwhile not over: time.sleep(0.05)",
    )
    process, _ = begin(flow)
    process.send_signal(signal.SIGTERM)
    assert (process.wait(), is_done(flow), failure_of(flow)) == (0, True, None)
    process.communicate()


LIMITED = SMALL.replace(
    "@step\n        def start", "@timeout(seconds=1)\n        @catch(var='failed')\n        @step\n        def start", 1
)


def limited(write, body):
    return write(LIMITED.replace("BODY", body.strip().replace("\n", "\n            ")))


def test_a_timeout_ends_all_that_the_attempt_has_started(write):
    body = "child = subprocess.Popen(['sleep', '600'])\nprint(os.getpid(), child.pid)\ntime.sleep(600)"
    flow = limited(write, body)
    process, line = begin(flow)
    began = time.monotonic()
    _, err = process.communicate()
    assert time.monotonic() - began < 2.5  # it does not wait for what SIGTERM has ended
    words = "took longer than its @timeout of 1 s, and was killed"
    assert (process.returncode, err.decode()) == (1, f"flowc: attempt 0 of the task start {words}\n")
    assert (failure_of(flow).type, failure_of(flow).message) == ("TimeoutError", words)
    assert log_of(flow) == [(False, line.decode().strip()), (True, err.decode().strip())]
    assert all(gone(pid) for pid in line.decode().split())
    caught = flow.container("r", "start", attempt=1)
    assert (caught.returncode, is_done(flow)) == (0, True), caught.stderr


@pytest.mark.parametrize(
    ("react", "failure"),
    [
        ("raise ValueError('no')", ("ValueError", "no")),  # which it can say itself
        ("os._exit(0)", ("TimeoutError", "took longer than its @timeout of 1 s, and was killed")),
        ("pass", ("TimeoutError", "took longer than its @timeout of 1 s, and was killed")),
    ],
)
def test_code_that_reacts_to_its_timeout(write, react, failure):
    flow = limited(write, REACTS.replace("REACT", react) + "while True: time.sleep(600)")
    process, _ = begin(flow)
    began = time.monotonic()
    out, _ = process.communicate()
    assert time.monotonic() - began < (4.5 if react == "pass" else 2.5)
    assert (process.returncode, out) == (1, b"reacts\n")
    assert (failure_of(flow).type, failure_of(flow).message) == failure


def test_an_interruption_of_what_has_timed_out(write):
    flow = limited(write, REACTS.replace("REACT", "pass") + "while True: time.sleep(600)")
    process, _ = begin(flow)
    assert process.stdout is not None
    assert process.stdout.readline() == b"reacts\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert (process.returncode, failure_of(flow).type) == (1, "TimeoutError")


def test_an_interruption_before_the_time_is_over(write):
    flow = limited(write, REACTS.replace("REACT", "pass") + "while True: time.sleep(600)")
    process, _ = begin(flow)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert (process.returncode, failure_of(flow).type) == (143, "InterruptedError")


def test_a_timeout_while_nobody_reads_the_output(write):
    flow = limited(write, "print('here')\nwhile True: print('x' * 1000)")
    process, _ = begin(flow)
    assert process.wait() == 1
    process.communicate()
    assert failure_of(flow).type == "TimeoutError"


def test_a_timeout_counts_what_saving_takes(write):
    """As an artifact that takes long to pickle."""
    body = "class Slow:\n    def __reduce__(self):\n        time.sleep(600)\nself.slow = Slow()"
    flow = limited(write, body)
    assert flow.container("r", "start").returncode == 1
    assert failure_of(flow).type == "TimeoutError"


def test_no_timeout_once_the_task_is_done(write):
    flow = limited(write, "threading.Thread(target=time.sleep, args=(2,)).start()")
    assert (flow.container("r", "start").returncode, is_done(flow), failure_of(flow)) == (0, True, None)


def test_a_timeout_of_more_years_than_a_system_waits(write):
    flow = write(LIMITED.replace("seconds=1", "hours=10**9").replace("BODY", "pass"))
    assert flow.container("r", "start").returncode == 0


def test_an_attempt_that_only_catches_has_no_timeout(write):
    """Not even where it takes long to import the flow."""
    text = LIMITED.replace("BODY", "pass").replace("class Small", "time.sleep(0 if SOON else 1.5)\n\n    class Small")
    flow = write(text.replace("SOON", "os.environ['FLOWC_CATCH'] == '0'"))
    caught = flow.container("r", "start", attempt=5, FLOWC_CATCH="1")
    assert caught.returncode == 0, caught.stderr
    assert flow.ran("r").value("start", "failed").type == "KilledError"


def test_an_interruption_while_nobody_reads_the_output(write):
    flow = small(write, "print('here')\nwhile True: print('x' * 1000)")
    process, _ = begin(flow)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    process.communicate()
    assert failure_of(flow).message.startswith("was interrupted (SIGTERM)")


def test_a_thread_that_goes_on_after_the_end(write):
    flow = small(write, "threading.Thread(target=time.sleep, args=(600,)).start()")
    command, settings = flow.container_command("r", "start")
    code = (
        "import flowc.runtime.__main__ as main, flowc.runtime.container.supervisor as supervisor\n"
        "supervisor._LINGER = 1\n"
        "main.os._exit(main.main())\n"
    )
    done = subprocess.run([command[0], "-c", code], **settings, capture_output=True, text=True, check=False)
    assert (done.returncode, failure_of(flow)) == (0, None)
    assert done.stderr == "flowc: the task is over, but its process goes on, with threads or exit handlers, and is ended\n"


def test_a_keyboard_interrupt(write):
    flow = small(write, "try:\n    print('here')\n    time.sleep(600)\nfinally: print('cleans up')")
    process, _ = begin(flow)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, b"cleans up\n")
    assert failure_of(flow).message == "was interrupted (SIGINT)"
    assert err.decode().splitlines()[-1] == "flowc: attempt 0 of the task start was interrupted (SIGINT)"


def test_a_signal_after_the_commit_changes_nothing(write):
    flow = small(write, "print('here')\nthreading.Thread(target=time.sleep, args=(600,)).start()")
    process, _ = begin(flow)
    until = time.monotonic() + 60
    while not is_done(flow):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    process.communicate()
    assert failure_of(flow) is None


LEAVES = """
print(subprocess.Popen(['sleep', '600']).pid)
ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(1, b'%d' % os.getpid() + bytes([10]))
        os.write(tell, b'.')
        time.sleep(600)
    os._exit(0)
os.read(ready, 1)
"""


def test_what_a_step_leaves_running_is_ended(write):
    flow = small(write, LEAVES)
    done = flow.container("r", "start")
    assert done.returncode == 0
    pids = done.stdout.split()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_parent_that_is_killed_takes_its_child_along(write):
    flow = small(write, "print(os.getpid())\ntime.sleep(600)")
    process, line = begin(flow)
    process.kill()
    process.communicate()
    assert gone(int(line))


def test_a_child_prints_faster_than_the_store_takes(write):
    """Its parent's memory is bounded."""
    flow = small(write, "print('here')\ndata = b'x' * 999 + b'\\n'\nfor number in range(50_000): os.write(1, data)")
    code = (
        "import sys, time, flowc.runtime.__main__ as main\n"
        "from flowc.runtime.store import LocalStore\n"
        "put = LocalStore.put\n"
        "def slow(self, key, data):\n"
        "    if '/log-' in key: time.sleep(0.1)\n"
        "    put(self, key, data)\n"
        "LocalStore.put = slow\n"
        "code = main.main()\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')][0]\n"
        "print(peak, file=sys.stderr, flush=True)\n"
        "main.os._exit(code)\n"
    )
    command, settings = flow.container_command("r", "start")
    process = subprocess.Popen([command[0], "-c", code], **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert len(out) == 50_000_000 + 5
    assert int(err.split()[1]) < 80_000, err  # KiB, where the output alone has 49,000
    assert len(log_of(flow)) == 50_001


def test_a_run_is_not_that_of_the_containers_user(write):
    flow = small(write, "print(current.username, current.namespace)")
    own = {"USER": "root", "LOGNAME": "root"}
    assert flow.container("r", "start", FLOWC_USER="", **own).stdout == "None None\n"
    record = read_run(flow.store, "Small", "r")
    assert record is not None
    assert record.user is None
    assert flow.container("s", "start", FLOWC_USER="ann", **own).stdout == "ann user:ann\n"


def test_the_run_is_recorded_once(write):
    flow = small(write, "pass")
    assert flow.container("r", "start", FLOWC_TARGET="argo", FLOWC_USER="ann").returncode == 0
    record = read_run(flow.store, "Small", "r")
    assert record is not None
    assert (record.target, record.user, record.origin) == ("argo", "ann", None)
    assert json.loads(flow.store.get("Small/r/plan.json"))["flow"] == "Small"
    assert flow.container("r", "start", attempt=1, FLOWC_TARGET="sfn").returncode == 0
    assert read_run(flow.store, "Small", "r") == record
    flow.store.put("Small/r/plan.json", b"{}")
    assert flow.container("r", "end").returncode == 0
    assert flow.store.get("Small/r/plan.json") == b"{}"  # no other task writes it


def test_a_run_whose_parameters_are_wrong_is_there(write):
    flow = small(write, "pass")
    done = flow.container("r", "start", FLOWC_PARAMETERS='{"beta": 1}')
    assert done.returncode == 1
    assert read_run(flow.store, "Small", "r") is not None
    assert failure_of(flow).type == "ParameterError"
    assert log_of(flow)[-1][1] == done.stderr.splitlines()[-1]


def test_memory_of_control_groups(tmp_path):
    own = tmp_path / "own"
    assert read_memory(tmp_path, own) is None
    own.write_text("0::/kubepods/pod\n")
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert read_memory(tmp_path, own) == Memory(1)
    (tmp_path / "memory.max").write_text("2147483648\n")
    (tmp_path / "memory.peak").write_text("2147479552\n")
    after = read_memory(tmp_path, own)
    assert after == Memory(1, 2147483648, 2147479552)
    assert explain_kill(Memory(0), after, 1) == ", out of memory: it used 2 GiB of the 2 GiB that its container has"
    assert explain_kill(after, after, 300 << 20) == (
        " (the system does that when memory runs out; it used 300 MiB of the 2 GiB that its container has)"
    )
    assert explain_kill(None, None, 1536) == " (the system does that when memory runs out; it used 2 KiB)"
    assert size(1610612736) == "1.5 GiB"


def test_memory_of_control_groups_of_version_1(tmp_path):
    own = tmp_path / "own"
    own.write_text("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n")
    folder = tmp_path / "memory" / "docker" / "x"
    folder.mkdir(parents=True)
    (folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (folder / "memory.max_usage_in_bytes").write_text("1048576\n")
    assert read_memory(tmp_path, own) == Memory(4, None, 1048576)
