"""Whatever stands in a value arrives as it was said: in code as a default, at trigger time, in variables, items and artifacts.

Argo expands `{{…}}` also in what it has put in itself, Kubernetes `$(…)` in what a container is given. Were a text executed by
a shell anywhere in a task's pod, it would leave a file there.
"""

from __future__ import annotations

import json
from pathlib import Path

from deployed import run_here
from test_strange_values import STRANGE

from e2e.argo.conftest import Ship

CANARY = "/tmp/flowc-canary"
TEXTS = tuple(
    text.replace("CANARY", CANARY)
    for text in (
        *STRANGE,
        "{{workflow.name}}",
        "{{=1+1}}",
        "{{{{workflow.name}}}} {{ workflow.uid }} {{item}} {{inputs.parameters.step}} {{retries}}",
        "$(PATH)",
        "$$(PATH) $$$(HOME) $(FLOWC_RUN)",
        "'''\"\"\"```",
        "on",
        "12:30",
        "0o7",
        "[1, 2",
        '"quoted"',
        "\U0001f469\u200d\U0001f467 \u0000 zero".replace("\u0000", "\u0001"),
    )
)

FLOW = """
import os
from flowc import *

DEFAULTS = {texts!r}


class Strange(FlowSpec):
{parameters}
    items = Parameter("items", type=JSONType, default={items!r})

    @environment(vars={variables!r})
    @step
    def start(self):
        self.defaults = [getattr(self, f"default_{{number}}") for number in range(len(DEFAULTS))]
        self.given = [getattr(self, f"given_{{number}}") for number in range(len(DEFAULTS))]
        self.variables = [os.environ[name] for name in {names!r}]
        self.executed = os.path.exists({canary!r})
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.item = self.input
        self.executed = os.path.exists({canary!r})
        self.next(self.join)

    @step
    def join(self, inputs):
        self.arrived = [one.item for one in inputs]
        self.executed = any(one.executed for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_strange_values_arrive(ship: Ship, tmp_path: Path) -> None:
    given = TEXTS[::-1]
    items = [TEXTS[number] for number in range(0, len(TEXTS), 6)]
    file = write(tmp_path, items)
    options = [f"--given-{number}={text}" for number, text in enumerate(given)]
    here = run_here(file, "Strange", *options)
    assert here.code == 0
    ran = ship(file).run(*options)
    assert (ran.code, ran.status) == (0, "Succeeded"), ran.report()
    found = json.loads(ran.kept())
    assert found["start/-"]["defaults"] == repr(list(TEXTS))
    assert found["start/-"]["given"] == repr(list(given))
    assert found["start/-"]["variables"] == repr(list(variables().values()))
    assert found["join/-"]["arrived"] == repr(items)
    assert {told["executed"] for told in found.values() if "executed" in told} == {"False"}
    assert ran.kept() == here.kept


def variables() -> dict[str, str]:
    """What `@environment` may hold: Argo would expand `{{`, and that is said when the flow is compiled."""
    return {f"STRANGE_{number}": text for number, text in enumerate(TEXTS) if text and "{{" not in text}


def write(folder: Path, items: list[str]) -> Path:
    """Write the flow's file."""
    parameters = [f'    default_{number} = Parameter("default-{number}", default={text!r})' for number, text in enumerate(TEXTS)]
    parameters += [f'    given_{number} = Parameter("given-{number}")' for number in range(len(TEXTS))]
    text = FLOW.format(
        texts=TEXTS,
        parameters="\n".join(parameters),
        items=json.dumps(items),
        variables=variables(),
        names=list(variables()),
        canary=CANARY,
    )
    file = folder / "flow.py"
    file.write_text(text, encoding="utf-8")
    return file
