"""Whatever stands in values of the user's arrives in a deployed run as in a local one, and nothing of it is ever executed.

Strings that a shell, a template or a state machine would expand go the whole way: by deploy and trigger to the engine's account,
through artifacts, items of a foreach, values of a switch, variables of `@environment`, tags, names of flows and steps. Were one
executed, it would leave a file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shipped import Ship, ship, shop  # noqa: F401
from test_golden_runs import kept

from flowc.runtime.client.run import Run as Past
from flowc.runtime.store import LocalStore

STRANGE = (
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY; #",
    "' || touch CANARY || '",
    '" && touch CANARY && "',
    "(__import__('os').system('touch CANARY'))",
    "${CANARY} $HOME ${AWS::AccountId} ${BatchQueue} ${PackageKey} $$ %PATH%",
    "{{workflow.name}} {{inputs.parameters.x}} {{=sprig.env('HOME')}} {% raw %} {} {0}",
    "$.run $$.Execution.Name $[0] $",
    "States.Format('{}', 1)",
    "States.JsonToString($$.Execution.Input)",
    '{"$ref": 1, "Value.$": "$.run"}',
    "Ref::x Fn::Sub",
    "\\ \\\\ \\n \\u0041 \\",
    "two\nlines\r\nand a\rthird\n",
    "".join(map(chr, range(1, 32))) + "\x7f\x85\xa0",
    "\u2028\u2029\u202e\u200b\ufeff\ufffe\uffff",
    "ünïcödé עברית 漢字 😀 👩\u200d👩\u200d👧 e\u0301 \U0010ffff",
    "null",
    "None",
    " true ",
    "1e3",
    "-",
    "",
)
SWITCHED = ("$(touch CANARY)", "{{a}} 'b' \"c\"", "States.Format('{}', 1)", "$.x\n😀")

FLOW = """
import os
from flowc import *


class Größe漢(FlowSpec):
    PARAMETERS
    texts = Parameter("texts", type=JSONType, default="[]")
    switched = Parameter("switched", type=JSONType, default="[]")

    @environment(vars=VARIABLES)
    @step
    def start(self):
        self.variables = [os.environ[f"STRANGE_{index}"] for index in range(VARIABLE_COUNT)]
        self.given = [getattr(self, f"text_{index}") for index in range(len(self.texts))]
        for index, text in enumerate(self.texts):
            setattr(self, text, [index, text])
        self.next(self.überall, foreach="texts")

    @environment(vars={"LAST": LAST})
    @step
    def überall(self):
        self.text_of_item = self.input
        self.last = os.environ["LAST"]
        setattr(self, self.input, "mine")
        self.next(self.sammeln)

    @step
    def sammeln(self, inputs):
        self.arrived = [one.text_of_item for one in inputs]
        self.mine = [getattr(one, one.text_of_item) for one in inputs]
        self.lasts = {one.last for one in inputs}
        self.merge_artifacts(inputs, include=["texts", "switched"])
        self.choices = list(self.switched)
        self.next(self.wählen, foreach="choices")

    @step
    def wählen(self):
        self.way = self.input
        self.next({CASES}, condition="way")

    @step
    def links(self):
        self.went = "links"
        self.next(self.wieder)

    @step
    def rechts(self):
        self.went = "rechts"
        self.next(self.wieder)

    @step
    def wieder(self, inputs):
        self.went = [(one.way, one.went) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.went)


if __name__ == "__main__":
    Größe漢()
"""


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """The file that would be left."""
    return tmp_path / "executed"


def with_canary(canary: Path, texts: tuple[str, ...]) -> list[str]:
    return [one.replace("CANARY", str(canary)) for one in texts]


def test_strange_values_arrive(ship: Ship, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    texts, switched = with_canary(canary, STRANGE), with_canary(canary, SWITCHED)
    file = write(tmp_path, texts, switched)
    tags = [one for one in texts if one.isprintable() and one.strip()]
    options = ["--texts", json.dumps(texts), "--switched", json.dumps(switched), *(f"--tag={one}" for one in tags)]
    options += [f"--text-{index}={text}" for index, text in enumerate(texts)]

    store = LocalStore(tmp_path / "store")
    command = [sys.executable, "-m", "flowc", "run", str(file), "--datastore", str(store), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr

    shipped = ship(file)
    assert shipped.flow == "Größe漢"
    ran = shipped.run(*options)
    assert ran.code == 0, ran.report()
    found = json.loads(ran.kept())
    assert found == json.loads(kept(store, shipped.flow, "1"))
    assert found["sammeln/-"]["arrived"] == repr(texts)
    assert found["start/-"]["variables"] == repr(variables_of(texts))
    assert found["start/-"]["given"] == repr(texts)
    assert {text: found["start/-"][text] for text in texts} == {text: repr([index, text]) for index, text in enumerate(texts)}
    assert found["sammeln/-"]["lasts"] == repr({texts[0]})
    assert found["wieder/-"]["went"] == repr([(one, ("links", "rechts")[index % 2]) for index, one in enumerate(switched)])
    past = Past(f"{shipped.flow}/{ran.id}", datastore=shipped.shop.place)
    assert past.user_tags == set(tags)
    assert not canary.exists()


def variables_of(texts: list[str]) -> list[str]:
    """What a variable of a process may hold."""
    return [one for one in texts if one]


def write(folder: Path, texts: list[str], switched: list[str]) -> Path:
    """Write the flow's file."""
    variables = {f"STRANGE_{index}": one for index, one in enumerate(variables_of(texts))}
    parameters = [f'text_{index} = Parameter("text-{index}", default="")' for index in range(len(texts))]
    cases = ", ".join(f"{one!r}: self.{('links', 'rechts')[index % 2]}" for index, one in enumerate(switched))
    text = FLOW.replace("PARAMETERS", "\n    ".join(parameters)).replace("VARIABLE_COUNT", str(len(variables)))
    text = text.replace("VARIABLES", repr(variables)).replace('"LAST": LAST', f'"LAST": {texts[0]!r}').replace("CASES", cases)
    file = folder / "größe.py"
    file.write_text(text, encoding="utf-8")
    return file
