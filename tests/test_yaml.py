"""What is written is read as it was meant: by YAML 1.1, which takes a bare `n` or `12:30` for no string, and by YAML 1.2."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from validators import objects, tools

from flowc.targets.argo.serialise import Inline, to_yaml

SUSPECTS = (
    *("y", "Y", "n", "N", "yes", "Yes", "NO", "on", "On", "off", "OFF", "true", "True", "FALSE", "null", "Null", "~", ""),
    *("1", "-1", "+1", "1_000", "0o7", "07", "0x1F", "0b1", "1e3", "1E3", "1.e3", ".5", "5.", "-.5", ".", "..", "1.0", "1__0"),
    *(".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "inf", "nan", "Infinity", "12:30", "12:30:45", "190:20:30.15", "1:2"),
    *("2026-11-21", "2026-11-21T12:23:22Z", "2026-1-1", "=", "<<", "<", "-", "- a", "?", "? a", ":", ": ", "a:", "a: b", "a :b"),
    *(
        "#",
        "# a",
        "a #b",
        "&a",
        "*a",
        "!a",
        "!!str a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'",
        '"',
        "''",
        "a'b",
        "{",
        "}",
        "[",
        "]",
        ",",
    ),
    *(
        "{{workflow.name}}",
        "{{=1+1}}",
        "---",
        "...",
        "--- a",
        "\n---\n",
        " a",
        "a ",
        "\t",
        "a\tb",
        "\n",
        "a\n",
        "\na",
        "a\n\n",
        "a\r\nb",
    ),
    *(
        "\r",
        "\x00",
        "\x07",
        "\x1b[0m",
        "\x7f",
        "\x85",
        "\xa0",
        "\xad",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufeffa",
        "a\ufeff",
        "\ufffe",
    ),
    *(
        "é",
        "日本",
        "\U0001f600",
        "\ue000",
        "\u200b",
        "\u202e",
        "\\",
        "\\n",
        "a\\",
        "x" * 300,
        "a b " * 200,
        "null ",
        "_",
        "_1",
        "a_1",
    ),
)
TEXTS = st.one_of(st.sampled_from(SUSPECTS), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12))


def written(texts: list[str]) -> dict[str, object]:
    """A document in which each text stands in every place that a string can have."""
    return {
        "block": list(texts),
        "inline": [Inline(value=text, nested=[Inline(a=text)]) for text in texts],
        "keys": {text: text for text in texts},
        "inline keys": Inline({text: text for text in texts}),
    }


@settings(max_examples=300, deadline=None)
@example(texts=list(SUSPECTS))
@given(texts=st.lists(TEXTS, min_size=1, max_size=6, unique=True))
def test_yaml_1_1_reads_what_was_written(texts: list[str]) -> None:
    document = written(texts)
    text = to_yaml(document)
    assert yaml.safe_load(text) == document
    assert list(yaml.safe_load_all(f"{text}---\n{text}")) == [document, document]
    assert text.encode().decode() == text
    assert text.endswith("\n")


def test_both_readers_of_go_agree(tmp_path: Path) -> None:
    tools.demand(objects.missing())

    @settings(max_examples=15, deadline=None)
    @example(texts=list(SUSPECTS))
    @given(texts=st.lists(TEXTS, min_size=20, max_size=60, unique=True))
    def agree(texts: list[str]) -> None:
        # Go's readers of YAML take no key that is empty of meaning: `<<` merges. No key of flowc's is a user's.
        document = {name: value for name, value in written(texts).items() if "keys" not in name}
        file = tmp_path / "document.yaml"
        file.write_text(to_yaml(document), encoding="utf-8")
        assert objects.readings(file) == (document, document)

    agree()


@pytest.mark.parametrize("text", ["main", "start.Succeeded", "/tmp/flowc/next", "FLOWC_RUN", "a-b", "argoproj.io/v1alpha1"])
def test_plain_text_has_no_quotes(text: str) -> None:
    assert to_yaml({"name": text}) == f"name: {text}\n"
