"""What is sent to a cluster is JSON and YAML at once, whatever it holds: an API server reads what is applied as YAML."""

from __future__ import annotations

import json

import yaml
from test_strange_values import STRANGE

from flowc.targets.argo.cluster.session import text_of


def test_a_body_is_read_alike_as_json_and_as_yaml() -> None:
    body = {"texts": [*STRANGE, "".join(map(chr, range(0x800))), "\U0001f600\U0010ffff\\ud83d"]}
    text = text_of(body)
    assert json.loads(text) == body
    assert yaml.safe_load(text) == body
    assert "\\ud83d\\" not in text.replace("\\\\", ""), "an escape is no half of a character"
