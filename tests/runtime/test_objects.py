"""Object stores when things go wrong, and what they cost: faults of the network, errors in one sentence, forks, memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

import pytest
from faults import cut_answer, hang_up, lose_answer, proxy_to, slow_down, status

from flowc.runtime.errors import StoreError
from flowc.runtime.store import open_store, transfers

DATA = os.urandom(300_000)


@pytest.fixture
def proxy(s3, monkeypatch):
    with proxy_to(s3) as proxy:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.fixture
def store(proxy, s3):
    return open_store(s3.place())


@pytest.mark.parametrize("fault", [slow_down, hang_up, lose_answer, status(500, "InternalError")])
def test_what_passes_is_tried_again(store, proxy, fault):
    proxy.fail(fault, times=2, method="PUT")
    store.put("F/x", DATA)
    assert proxy.count("PUT") == 3
    proxy.fail(fault, times=2, method="GET")
    assert store.get("F/x") == DATA
    proxy.fail(fault, times=1, method="GET")
    assert list(store.list("F/")) == ["F/x"]


def test_an_answer_that_breaks_off(store, proxy):
    store.put("F/x", DATA)
    proxy.fail(cut_answer, times=2, method="GET")
    assert store.get("F/x") == DATA
    proxy.fail(cut_answer, times=2, method="GET")
    with store.open("F/x") as file:
        assert file.read() == DATA
    buffer = bytearray(len(DATA))
    proxy.fail(cut_answer, times=2, method="GET")
    store.read_into("F/x", memoryview(buffer))
    assert buffer == DATA


def test_a_large_object_through_a_bad_line(store, proxy):
    data = os.urandom(40 * 1024 * 1024)
    proxy.fail(hang_up, times=2, method="PUT", path="partNumber=2")
    proxy.fail(slow_down, times=2, method="PUT", path="partNumber=1")
    proxy.fail(lose_answer, times=1, method="PUT", path="partNumber=3")
    store.put("F/x", data)
    proxy.fail(cut_answer, times=3, method="GET")
    buffer = bytearray(len(data))
    store.read_into("F/x", memoryview(buffer))
    assert buffer == data


def test_a_new_object_whose_answer_is_lost_is_ours(store, proxy):
    proxy.fail(lose_answer, times=1, method="PUT")
    assert store.put_new("F/manifest.json", b"ours")
    assert [one.status for one in proxy.requests] == [0, 412, 200]
    proxy.fail(lose_answer, times=1, method="PUT")
    assert not store.put_new("F/manifest.json", b"others")
    assert store.get("F/manifest.json") == b"ours"


def test_an_object_that_is_there_is_not_ours(store, proxy):
    assert store.put_new("F/manifest.json", b"same")
    assert not store.put_new("F/manifest.json", b"same")
    assert proxy.count() == 2  # nothing was in doubt, so nothing is read


def test_a_conflict_is_not_an_answer(store, proxy):
    proxy.fail(status(409, "ConditionalRequestConflict"), times=2, method="PUT")
    assert store.put_new("F/manifest.json", b"1")


def test_a_copy_that_is_too_large_for_the_store(store, proxy):
    store.put("F/x", DATA)
    message = "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
    proxy.fail(status(400, "InvalidRequest", message), method="PUT")
    store.copy("F/x", "F/y")
    assert store.get("F/y") == DATA


def test_an_object_that_changes_while_it_is_read(store):
    store.put("F/x", bytes(3 * transfers.PART))
    with store.open("F/x") as file:
        file.read(10)
        store.put("F/x", os.urandom(3 * transfers.PART))
        with pytest.raises(StoreError, match="the object F/x has been written again while it was read"):
            while file.read(1024 * 1024):
                pass


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            status(403, "AccessDenied"),
            "access is denied: the credentials in use may need the permission for writes in the bucket flowc",
        ),
        (status(400, "ExpiredToken"), "the store finds the credentials expired: renew or correct them (AWS_ACCESS_KEY_ID)"),
        (status(403, "RequestTimeTooSkewed"), "the clock of this machine is too far from the store's: set it"),
        (status(301, "PermanentRedirect"), "the bucket flowc is in another region: set AWS_REGION to that"),
        (
            status(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
            "the bucket flowc is in eu-west-1: set AWS_REGION to that",
        ),
        (
            status(507, "InsufficientStorage", "The volume is full."),
            "the store answers 507 InsufficientStorage, The volume is full",
        ),
    ],
)
def test_what_the_store_refuses(store, proxy, fault, message):
    proxy.fail(fault, times=100)
    for write in (store.put, store.put_new):
        with pytest.raises(StoreError, match=re.escape(f"the datastore {store.url} cannot write F/x: {message}") + "$"):
            write("F/x", b"1")
    assert proxy.count() == 2  # none of these passes by being tried again


def test_a_store_that_stays_busy(store, proxy, monkeypatch):
    monkeypatch.setattr("flowc.runtime.store.objects._FIRST_PAUSE", 0.0001)
    proxy.fail(slow_down, times=100)
    with pytest.raises(StoreError, match=r"cannot read F/x: the store asks to slow down \(tried 10 times\): run fewer tasks"):
        store.get("F/x")


S3 = "s3://flowc/x"
AZ = "az://flowc/x"


@pytest.mark.parametrize(
    ("url", "variables", "message"),
    [
        ("s3://nowhere/x", {}, "cannot read F/x: there is no bucket nowhere: create it, or correct --datastore"),
        (
            S3,
            {"AWS_ACCESS_KEY_ID": "x"},
            "the store does not know the access key that the credentials name: renew or",
        ),
        (S3, {"AWS_SECRET_ACCESS_KEY": "x"}, "the store finds that the secret key does not belong to the access key: renew or"),
        (S3, {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "the connection is refused at 127.0.0.1:1 (tried 3 times): see that"),
        (S3, {"AWS_ENDPOINT_URL_S3": "http://no.such.invalid"}, "the address no.such.invalid is not known: correct the endpoint"),
        ("az://nowhere/x", {}, "cannot read F/x: there is no container nowhere: create it, or correct --datastore"),
        (
            AZ,
            {"AZURE_STORAGE_ACCOUNT_KEY": "aaaa"},
            "the store does not accept the credentials: renew or correct them",
        ),
        (AZ, {"AZURE_STORAGE_ACCOUNT_KEY": "a"}, "cannot be used: Invalid Access Key"),
        (AZ, {"AZURE_STORAGE_ACCOUNT_NAME": ""}, "no storage account is named: set AZURE_STORAGE_ACCOUNT, or AZURE_STORAGE_CONN"),
        ("gs://flowc/x", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "Unable to open service account file from /nowhere"),
    ],
)
def test_a_place_that_cannot_be_used(s3_place, azure_place, monkeypatch, url, variables, message):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=re.escape(message)) as caught:
        open_store(url).get("F/x")
    assert "\n" not in str(caught.value)
    assert url in str(caught.value)


def test_without_obstore(s3_place, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(StoreError, match="needs the package obstore, which cannot be imported .*: `pip install obstore`"):
        open_store(s3_place).get("F/x")


def test_a_full_disk(s3_place, monkeypatch):
    full = os.open("/dev/full", os.O_RDWR)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda buffering: os.fdopen(full, "w+b", buffering))
    monkeypatch.setattr(transfers, "_SPOOLED_FROM", 1000)
    upload = open_store(s3_place).create("F/blobs")
    with pytest.raises(StoreError, match="an object for F/blobs cannot be collected: the disk with .* is full; set TMPDIR"):
        upload.write(bytes(1_000_000))
    upload.discard()


def test_pieces_in_a_file(s3_place, monkeypatch):
    monkeypatch.setattr(transfers, "_SPOOLED_FROM", 1000)
    store = open_store(s3_place)
    upload = store.create("F/blobs")
    pieces: list[bytes | memoryview] = [
        os.urandom(600),
        os.urandom(600),
        memoryview(os.urandom(50)),
        os.urandom(600),
        os.urandom(5_000),
        b"",
        os.urandom(300),
    ]
    for piece in pieces:
        upload.write(piece)
    upload.commit("F/blobs/x")
    assert store.get("F/blobs/x") == b"".join(pieces)


@pytest.mark.parametrize("size", [1, 16 * 2**20, 2**30, 100 * 2**30, 5 * 2**40])
def test_parts(size):
    part = transfers.part_size(size)
    assert -(-size // part) <= 10_000
    assert 5 * 2**20 <= part <= 5 * 2**30
    assert transfers.parts_at_once(part) * part <= max(part, 100 * 2**20)


def python(source: str) -> str:
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


FORK = """
import os
from flowc.runtime.errors import StoreError
from flowc.runtime.store import open_store
store = open_store({url!r})
store.prepare()
{before}
if os.fork() == 0:
    try:
        store.put("F/x", b"1")
        print("written", flush=True)
    except StoreError as error:
        print(error, flush=True)
    os._exit(0)
assert os.wait()[1] == 0
"""


def test_a_prepared_store_forks(s3_place):
    assert python(FORK.format(url=s3_place, before="")) == "written\n"


def test_a_store_that_was_used_may_be_forked(s3_place):
    assert python(FORK.format(url=s3_place, before="store.get('F/x')")) == "written\n"


MEMORY = """
import os
from flowc.runtime.store import open_store
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 1024
store = open_store({url!r})
store.put("F/x", b"")
size = 384 * 2**20
if {in_pieces}:
    base = peak()
    upload = store.create("F")
    for _ in range(384):
        upload.write(os.urandom(2**20))
else:
    buffer = bytearray(size)
    buffer[::4096] = b"x" * (size // 4096)
    base = peak()
    upload = store.create("F")
    upload.write(memoryview(buffer))
upload.commit("F/large")
print(peak() - base)
del upload
if {in_pieces}:
    with store.open("F/large") as file:
        while file.read(2**20): pass
else:
    store.read_into("F/large", memoryview(buffer))
print(peak() - base)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc here")
@pytest.mark.parametrize("in_pieces", [True, False])
def test_large_objects_take_little_memory(s3_place, in_pieces):
    """Beside what the caller has: 64 MiB kept and 96 MiB on their way, if it comes in pieces, and little if it is in memory."""
    written, both = map(int, python(MEMORY.format(url=s3_place, in_pieces=in_pieces)).split())
    assert written <= (280 if in_pieces else 100)
    assert both <= (280 if in_pieces else 140)
