"""What a datastore may be called: `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix`, or a directory."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import StoreError

SCHEMES = {"s3": "s3", "az": "az", "azure": "az", "abfs": "az", "abfss": "az", "gs": "gs"}
_KNOWN = "s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, gs://BUCKET/PREFIX, or a directory"


class Place(NamedTuple):
    """A part of an object store.

    Attributes:
        kind: `s3`, `az` or `gs`.
        bucket: The bucket, or Azure's container.
        prefix: What all keys begin with: empty, or ends with "/".
        account: Azure's storage account if the URL names it, as `abfss://container@account.dfs.core.windows.net/prefix` does.
    """

    kind: str
    bucket: str
    prefix: str
    account: str | None = None

    @property
    def url(self) -> str:
        """The URL that says the same."""
        prefix = self.prefix.rstrip("/")
        if self.account:
            return f"abfss://{self.bucket}@{self.account}.dfs.core.windows.net/{prefix}".rstrip("/")
        return f"{self.kind}://{self.bucket}/{prefix}".rstrip("/")

    @property
    def container(self) -> str:
        """How to speak of the bucket."""
        return f"the {'container' if self.kind == 'az' else 'bucket'} {self.bucket}"


def parse_place(url: str) -> Place:
    """What a URL other than `file://` names.

    Raises:
        StoreError: It is none that flowc knows.
    """
    scheme, _, rest = url.partition("://")
    kind = SCHEMES.get(scheme.lower())
    if kind is None:
        raise StoreError(f"the datastore {url} begins with {scheme}://, which flowc does not know: it may be {_KNOWN}")
    bucket, _, prefix = rest.partition("/")
    bucket, _, host = bucket.partition("@")
    account = host.partition(".")[0] or None
    word = "container" if kind == "az" else "bucket"
    if not bucket:
        raise StoreError(f"the datastore {url} names no {word}: write {scheme}://{word.upper()}/PREFIX")
    if not all(one.isalnum() or one in "-._$" for one in bucket) or (account and kind != "az"):
        raise StoreError(f"the datastore {url} names the {word} {rest.partition('/')[0]!r}, and no {word} can be called that")
    parts = [part for part in prefix.split("/") if part]
    if any(part in (".", "..") or any(one in part for one in "?#") for part in parts):
        raise StoreError(f"the datastore {url} has a prefix that is none: it may hold no `.`, `..`, `?` or `#`")
    return Place(kind, bucket, "".join(f"{part}/" for part in parts), account)
