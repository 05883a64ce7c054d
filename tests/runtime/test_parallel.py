"""`parallel_map`: forked workers, results in order, failures that name their item."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from terminals import Terminal

from flowc import parallel_imap_unordered, parallel_map
from flowc.runtime.language import workers


def test_results_in_order_from_other_processes():
    offset = 10

    def work(n):
        time.sleep(0.02 * (3 - n))
        return n + offset, os.getpid()

    results = parallel_map(work, range(4), max_parallel=2)
    assert [n for n, _ in results] == [10, 11, 12, 13]
    assert len({pid for _, pid in results} | {os.getpid()}) == 5
    assert parallel_map(len, []) == []


def test_a_large_result(tmp_path):
    (result,) = parallel_map(lambda _: b"x" * 10_000_000, [0], dir=str(tmp_path))
    assert len(result) == 10_000_000
    assert list(tmp_path.iterdir()) == []


def test_what_is_large_goes_through_a_file(tmp_path, monkeypatch):
    files = []
    unlink = Path.unlink

    def noted(path, *more):
        files.append((path.parent.parent, path.stat().st_size))
        unlink(path, *more)

    monkeypatch.setattr(Path, "unlink", noted)
    sizes = [10, workers._IN_PIPE - 100, workers._IN_PIPE, 1_000_000]
    assert [len(one) for one in parallel_map(bytes, sizes, max_parallel=2, dir=str(tmp_path))] == sizes
    assert {folder for folder, _ in files} == {tmp_path}
    assert all(any(size < large < size + 1000 for _, large in files) for size in sizes[2:])
    assert len(files) == 2


def test_a_result_of_more_than_2_gib(tmp_path):
    if os.environ.get("FLOWC_TEST_LARGE") != "1":
        pytest.skip("takes 5 GiB of memory and 3 GiB of disk: set FLOWC_TEST_LARGE=1")
    size = (1 << 31) + 5
    (result,) = parallel_map(lambda _: bytes(size - 1) + b"!", [0], dir=str(tmp_path))
    assert len(result) == size
    assert result[-1:] == b"!"
    assert list(tmp_path.iterdir()) == []


PROGRESS = """
    import sys, time
    from flowc.runtime.language import parallel
    parallel._QUIET = 0.0

    def work(n):
        time.sleep(0.01)
        return n

    print("sum", sum(parallel.parallel_map(work, GIVEN, max_parallel=2)))
    """


@pytest.mark.parametrize(("given", "words"), [("range(1200)", r"\d+ of 1,200"), ("(n for n in range(1200))", r"[\d,]+")])
def test_a_terminal_shows_how_far_it_is(tmp_path, given, words):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRESS).replace("GIVEN", given))
    shown = Terminal([sys.executable, str(program)], tmp_path).read_to_end()
    lines = re.findall(rf"\rparallel_map: {words}\x1b\[K", shown)
    assert len(lines) > 1
    assert shown.endswith("\r\x1b[Ksum 719400\r\n")
    assert shown.startswith(lines[0])


def test_nothing_is_shown_of_what_is_short_or_where_nobody_looks(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("from flowc import parallel_map\nprint(parallel_map(str, range(3)))")
    assert Terminal([sys.executable, str(program)], tmp_path).read_to_end() == "['0', '1', '2']\r\n"
    program.write_text(textwrap.dedent(PROGRESS).replace("GIVEN", "range(100)"))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("sum 4950\n", "")


def test_a_failure_names_its_item_and_ends_the_others(tmp_path):
    def work(n):
        if n == 1:
            raise KeyError("missing")
        time.sleep(20)
        (tmp_path / str(n)).touch()

    before = time.monotonic()
    with pytest.raises(KeyError, match="missing") as caught:
        parallel_map(work, [1, 2, 3], max_parallel=3)
    assert time.monotonic() - before < 5
    (note,) = caught.value.__notes__
    assert note.startswith("(in parallel_map, for item 0: 1)\nTraceback")
    assert "in work" in note
    assert "runtime/parallel" not in note
    assert list(tmp_path.iterdir()) == []


class Stubborn(Exception):
    def __init__(self):
        super().__init__("cannot be pickled")
        self.lock = lambda: 0


def test_an_exception_that_cannot_be_pickled():
    def work(n):
        raise Stubborn

    with pytest.raises(RuntimeError, match=r"parallel_map: item 0: 1 failed:\n(.|\n)*Stubborn: cannot be pickled"):
        parallel_map(work, [1])


def test_a_result_that_cannot_be_pickled():
    with pytest.raises(TypeError, match="the result cannot be pickled"):
        parallel_map(lambda n: lambda: n, [1])


@pytest.mark.parametrize(
    ("end", "words"), [(lambda: os._exit(4), "exit code 4"), (lambda: os.kill(os.getpid(), 9), "killed by signal 9")]
)
def test_a_child_that_is_gone(end, words):
    with pytest.raises(RuntimeError, match=f"the process for item 0: 1 .*{words}"):
        parallel_map(lambda _: end(), [1])


def test_a_slow_item_does_not_keep_the_others_waiting(tmp_path):
    def work(n):
        while n == 0 and len(list(tmp_path.iterdir())) < 9:
            time.sleep(0.01)
        if n:
            time.sleep(0.01)
            (tmp_path / str(n)).touch()
        return n

    assert sorted(parallel_imap_unordered(work, range(10), max_parallel=2)) == list(range(10))


def test_many_items_share_processes():
    results = parallel_map(lambda n: (n * 2, os.getpid()), range(20_000), max_parallel=2)
    assert [n for n, _ in results] == list(range(0, 40_000, 2))
    assert len({pid for _, pid in results}) < 500


def test_items_are_taken_as_processes_become_free():
    taken = []

    def items():
        for n in range(1000):
            taken.append(n)
            yield n

    def after_a_while(n):
        time.sleep(0.02)
        return n

    results: Any = parallel_imap_unordered(after_a_while, items(), max_parallel=2)
    first = [next(results), next(results)]
    assert len(taken) <= 4
    results.close()
    assert len(taken) <= 4
    assert sorted(first) == [0, 1]


def test_slow_items_among_short_ones_are_handed_back(monkeypatch):
    monkeypatch.setattr(workers, "_LIMIT", 0.05)

    def work(n):
        time.sleep(0.06 if n >= 500 and n % 50 == 0 else 0)
        return n, os.getpid()

    results = parallel_map(work, iter(range(1000)), max_parallel=2)
    assert [n for n, _ in results] == list(range(1000))
    slow = [pid for n, pid in results if n >= 500 and n % 50 == 0]
    assert len(slow) == len(set(slow))


def test_an_item_among_many_that_fails():
    def work(n):
        if n == 777:
            raise ValueError("no")
        return n

    with pytest.raises(ValueError, match="no") as caught:
        parallel_map(work, range(1000), max_parallel=2)
    assert caught.value.__notes__[0].startswith("(in parallel_map, for item 777: 777)\n")


def test_an_item_among_many_whose_process_dies():
    with pytest.raises(
        RuntimeError, match=r"the process for item 777: 777 was killed by signal 9, as the system does when memory"
    ):
        parallel_map(lambda n: os.kill(os.getpid(), 9) if n == 777 else n, range(1000), max_parallel=2)


def test_a_result_among_many_that_cannot_be_pickled():
    with pytest.raises(TypeError, match="the result cannot be pickled") as caught:
        parallel_map(lambda n: (lambda: n) if n == 777 else n, range(1000), max_parallel=2)
    assert "item 777: 777" in caught.value.__notes__[0]


class Unloadable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def test_an_exception_that_pickles_and_does_not_unpickle():
    def work(n):
        raise Unloadable(1, 2)

    with pytest.raises(RuntimeError, match=r"Unloadable: 1 and 2"):
        parallel_map(work, [1])


def test_an_exit_in_an_item_ends_no_more_than_the_item():
    with pytest.raises(RuntimeError, match="item 0: 1 failed:\n(.|\n)*SystemExit: 0"):
        parallel_map(lambda n: sys.exit(0), [1])


def test_within_each_other():
    assert parallel_map(lambda n: sum(parallel_map(lambda m: n * m, range(5))), range(4), max_parallel=2) == [0, 10, 20, 30]


def test_an_iterator_that_fails():
    def items():
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        parallel_map(lambda n: time.sleep(20) if n == 2 else n, items())


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_a_stopped_parent(tmp_path, signum):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
        import os, time
        from flowc import parallel_map
        def work(n):
            os.write(1, b"%d\\n" % os.getpid())
            parallel_map(lambda m: (os.write(1, b"%d\\n" % os.getpid()), time.sleep(60)), [1])
        parallel_map(work, [1, 2], max_parallel=2)
        """)
    )
    if signum == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux ends children with their parent")
    process = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    pids = [int(process.stdout.readline()) for _ in range(4)]
    process.send_signal(signum)
    assert process.wait() != 0
    for pid in pids:
        while is_alive(pid):
            time.sleep(0.01)
    process.stdout.close()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return sys.platform != "linux"


OBJECT_STORE = """
    import http.server, os, signal, sys, tempfile, threading
    from flowc import parallel_map
    from flowc.runtime.store.forks import renew_in_children
    import obstore
    from obstore.store import S3Store

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for name, value in (("Content-Length", "2"), ("ETag", '"x"'), ("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pid = os.fork()
    if not pid:
        server.serve_forever()

    def get(_=None):
        import obstore
        from obstore.store import S3Store

        place = S3Store("b", endpoint=f"http://127.0.0.1:{server.server_port}", region="r", access_key_id="a",
                        secret_access_key="b", client_options={"allow_http": True})
        return bytes(obstore.get(place, "k").bytes())

    renew_in_children()
    try:
        print(get(), parallel_map(get, [1, 2]), parallel_map(lambda n: parallel_map(get, [1]), [1]), get())
    finally:
        os.kill(pid, signal.SIGKILL)
    """


@pytest.mark.parametrize(
    "without",
    [
        pytest.param(
            "tempfile.mkstemp = None",
            marks=pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here"),
        ),
        "vars(os).pop('memfd_create', None)",
    ],
)
def test_object_stores_work_in_children_of_a_process_that_has_used_them(without):
    pytest.importorskip("obstore")
    source = textwrap.dedent(OBJECT_STORE).replace("renew_in_children()", f"{without}; renew_in_children()")
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout == "b'ok' [b'ok', b'ok'] [[b'ok']] b'ok'\n", done.stderr


def test_inside_a_task(write):
    ran = write("""
        class Inside(FlowSpec):
            @step
            def start(self):
                self.base = 5
                self.next(self.end)

            @step
            def end(self):
                self.found = parallel_map(lambda n: (print("item", n), n + self.base)[1], [1, 2, 3])
        """).done()
    assert ran.value("end", "found") == [6, 7, 8]
    assert sorted(ran.out.splitlines()) == ["[end] item 1", "[end] item 2", "[end] item 3"]
