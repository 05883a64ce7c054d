"""What the arguments of `@batch` may be that name something of AWS: roles, queues, images, volumes, tags.

Only what AWS surely refuses is a fault. Patterns leave no room for what a platform would expand: `${…}`, `$.…`, `Ref::…`.
"""

from __future__ import annotations

import re
from typing import Final

from ..ir.nodes import Constant
from .kinds import Kind, keys

MOST_TAGS: Final = 40
"""AWS takes 50 of one thing; flowc and AWS add their own."""


def matching(words: str, pattern: str) -> Kind:
    """A text that is of a pattern as a whole."""
    whole = re.compile(pattern, re.ASCII)
    return Kind(words, lambda value: isinstance(value, str) and whole.fullmatch(value) is not None)


def one_or_more(words: str, pattern: str) -> Kind:
    """The same, or a list of such texts."""
    one = matching(words, pattern)
    return Kind(words, lambda value: one.fits(value) or (isinstance(value, tuple) and all(map(one.fits, value))))


_ARN: Final = r"arn:aws[a-z-]*"

ROLE: Final = matching(
    'the ARN of a role, as "arn:aws:iam::123456789012:role/name"', _ARN + r":iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,576}"
)
QUEUE: Final = matching(
    "the name of a job queue or its ARN",
    rf"({_ARN}:batch:[a-z0-9-]+:\d{{12}}:job-queue/)?[A-Za-z0-9][A-Za-z0-9_-]{{0,127}}",
)
CLUSTER: Final = matching(
    "the name of a cluster or its ARN", rf"({_ARN}:ecs:[a-z0-9-]+:\d{{12}}:cluster/)?[A-Za-z0-9][A-Za-z0-9_-]{{0,254}}"
)
BUS: Final = matching(
    "the name of an event bus or its ARN",
    rf"({_ARN}:events:[a-z0-9-]+:\d{{12}}:event-bus/)?[A-Za-z0-9._-][A-Za-z0-9/._-]{{0,255}}",
)
SUBNET: Final = matching('the id of a subnet, as "subnet-0123456789abcdef0"', r"subnet-[0-9a-f]{8,40}")
SECURITY_GROUP: Final = matching('the id of a security group, as "sg-0123456789abcdef0"', r"sg-[0-9a-f]{8,40}")

IMAGE: Final = matching(
    'the name of an image, as "registry.example.com/name:tag"',
    r"[A-Za-z0-9][A-Za-z0-9._/:#-]{0,254}(@sha256:[0-9a-f]{64})?",
)
"""Batch and ECS, `image`: these letters, 255 of them at the most."""

_PATH: Final = r"/[^:\x00-\x1f]*"
PATH: Final = matching('an absolute path, as "/scratch"', _PATH)
HOST_VOLUMES: Final = one_or_more(
    'absolute paths, each as "/path" or "/path/of/the/host:/path", or one of them', rf"{_PATH}(:{_PATH})?"
)
EFS_VOLUMES: Final = one_or_more(
    'file systems, each as "fs-0123" or "fs-0123:/path", or one of them', rf"fs-[0-9a-f]+(:{_PATH})?"
)

PROGRAM: Final = Kind(
    "the name or the path of a Python",
    lambda value: isinstance(value, str) and bool(value.strip()) and "\0" not in value and "Ref::" not in value,
)
"""Batch replaces `Ref::name` in commands."""

LOG_DRIVERS: Final = ("awslogs", "fluentd", "gelf", "journald", "json-file", "splunk", "syslog")
"""Those of a container that is alone: `awsfirelens` wants another one beside it."""
LOG_OPTIONS: Final = one_or_more('options, each as "name:value", or one of them', r"[^:\s]+:[^\0]*")

_TAG: Final = re.compile(r"[\w +\-=.:/@]*")
_OWN: Final = ("aws:", "flowc:")


def why_no_tags(value: Constant) -> str:
    """What AWS refuses in a table of tags; "" where it takes them.

    https://docs.aws.amazon.com/batch/latest/userguide/using-tags.html#tag-restrictions
    """
    table = keys(value)
    if table is None:
        return "no dictionary of strings"
    for name, text in table.items():
        if not isinstance(text, str):
            return f"the value of `{name}` is no string"
        if not 0 < len(name) <= 128 or len(text) > 256:
            return "a name has up to 128 characters and a value up to 256"
        if not _TAG.fullmatch(name) or not _TAG.fullmatch(text):
            return f"`{name}`: AWS takes letters, digits, blanks and + - = . _ : / @"
        if name.lower().startswith(_OWN) or text.lower().startswith("aws:"):
            return f"`{name}`: `aws:` is AWS's own, and `flowc:` flowc's"
    return f"{len(table)} of them" if len(table) > MOST_TAGS else ""


TAGS: Final = Kind(
    f"a dictionary of up to {MOST_TAGS} tags, names and values both strings",
    lambda value: not why_no_tags(value),
    why=why_no_tags,
)
