"""Properties of every graph: all targets mean what the tree means, and names and order change nothing but names."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from conftest import documents
from evaluators import Outcome, Runner, argo, asl, tasks, tree
from graphs import Shape, choice, dice, shapes, source, unlucky, with_modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from validators.argo_dangling import dangling as argo_dangling
from validators.asl_dangling import dangling as asl_dangling

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.edges import edges_of
from flowc.compiler.ir.nodes import Fanout, Flow, Switch
from flowc.compiler.ir.printer import print_flow
from flowc.compiler.ir.verify import verify
from flowc.compiler.limits import ASL_HISTORY
from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_manifest
from flowc.runtime.store import LocalStore
from flowc.targets.argo.alike import share_alike

many = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, (done.diagnostics, text)
    assert verify(done.flow) == []
    return done.flow


def recorder(flow: Flow) -> tuple[Counter[tuple[str, str]], Runner]:
    """A runner that decides as living steps do, and counts the tasks that it ran."""
    ran: Counter[tuple[str, str]] = Counter()
    steps = {step.name: step for step in flow.steps}

    def run(step: str, path: str, attempt: int) -> Outcome:
        ran[step, path] += 1
        match steps[step].arms:
            case (Switch(cases=cases),):
                target = cases[choice(step, path, len(cases))][1]
                return Outcome(target if len(edges_of(steps[step])) > 1 else None, None)
            case (Fanout(),):
                return Outcome(None, dice(path, step, 4))
            case (_, _, _):
                edge = edges_of(steps[step])[choice(step, path, 3)]
                return Outcome(edge.key, dice(path, step, 4) if isinstance(edge.arm, Fanout) else None)
            case _:
                return Outcome(None, None)

    return ran, run


@many
@given(shapes)
def test_targets_run_the_same_tasks_as_the_tree(shape: list[Shape]) -> None:
    flow = compiled(source(shape))
    expected, runner = recorder(flow)
    tree.run(flow, runner)
    assert max(expected.values()) == 1

    manifest = yaml.safe_load(documents(flow, "argo")[0].text)
    assert argo_dangling(manifest) == []
    ran, runner = recorder(flow)
    argo.run(manifest, tasks(runner))
    assert ran == expected
    few = share_alike(manifest["spec"]["templates"], lambda number: f"alike-{number}")
    shared = {**manifest, "spec": {**manifest["spec"], "templates": few}}
    assert argo_dangling(shared) == []
    assert len(few) <= len(manifest["spec"]["templates"])
    ran, runner = recorder(flow)
    argo.run(shared, tasks(runner))
    assert ran == expected

    for mode in ("distributed", "inline"):
        one = with_modes(flow, {"mode": mode})
        made = documents(one, "sfn")[0]
        definition = json.loads(made.text)
        assert asl_dangling(definition) == []
        ran, runner = recorder(one)
        done = asl.run(definition, tasks(runner))
        assert ran == expected
        if mode == "distributed":  # else it depends on how many items there are
            counted = max(usage.used for usage in made.usages if usage.what == ASL_HISTORY.what)
            assert max(execution.events for execution in done.all()) <= counted


@many
@given(shapes, st.randoms(use_true_random=False))
def test_names_and_order_change_names_only(shape: list[Shape], chance: random.Random) -> None:
    before = source(shape)
    count = before.count("@step")
    letters = [f"{letter}{other}" for letter in "zyxabcqm" for other in "qwertyuiopasdfghjk"]
    chance.shuffle(letters)
    order = list(range(count))
    chance.shuffle(order)
    # Names of one length in which no other occurs, so that they can be put back in the output's text.
    one = compiled(source(shape, "sx{:03d}x".format))
    other = compiled(source(shape, lambda number: f"{letters[number]}{number:03d}x", order))

    def back(text: str) -> str:
        for number in range(count):
            text = text.replace(f"{letters[number]}{number:03d}x", f"sx{number:03d}x")
        return text

    assert back(print_flow(other)) == print_flow(one)
    for target in ("argo", "sfn"):
        for mine, its in zip(documents(one, target), documents(other, target), strict=True):
            assert back(its.text) == mine.text


@settings(many, max_examples=500)
@given(shapes, st.randoms(use_true_random=False))
def test_unlucky_names_change_names_only(shape: list[Shape], chance: random.Random) -> None:
    """The documents for Argo are those of a flow whose steps have plain names, and run the tasks that the tree runs."""
    plain, other = compiled(source(shape)), compiled(source(shape, unlucky(chance)))
    (one,), (its,) = documents(plain, "argo"), documents(other, "argo")
    manifest = yaml.safe_load(its.text)
    assert argo_dangling(manifest) == []
    assert nameless(yaml.safe_load(one.text)) == nameless(manifest)
    expected, runner = recorder(other)
    tree.run(other, runner)
    ran, runner = recorder(other)
    argo.run(manifest, tasks(runner))
    assert ran == expected
    # Whose each task is that had to be renamed, the document says.
    said = json.loads(manifest["metadata"]["annotations"].get("flowc/steps", "{}"))
    for template in manifest["spec"]["templates"]:
        for task in template.get("dag", {}).get("tasks", ()):
            steps = [one["value"] for one in task.get("arguments", {}).get("parameters", ()) if one["name"] == "step"]
            assert [said.get(task["name"], task["name"])] == steps or not steps


def nameless(manifest: dict[str, Any]) -> dict[str, Any]:
    """The `spec` of a WorkflowTemplate in which everything is called by the order in which it comes."""
    found: dict[str, Any] = json.loads(json.dumps(manifest["spec"]))
    templates = {one["name"]: f"T{number}" for number, one in enumerate(found["templates"])}
    arguments = [
        one
        for template in found["templates"]
        for task in template.get("dag", {}).get("tasks", ())
        for one in task.get("arguments", {}).get("parameters", ())
    ]
    steps: dict[str, str] = {}
    for one in arguments:
        if one["name"] == "step":
            one["value"] = steps.setdefault(one["value"], f"S{len(steps)}")

    def keys(text: str) -> str:
        """The same with names of steps in what is compared with an output, and what an expression comes to."""
        return re.sub(
            r"(?<!status == )(?<== |\? )'[^']*'", lambda key: re.sub(r"\w+", lambda one: steps.get(one[0], one[0]), key[0]), text
        )

    found["entrypoint"] = templates[found["entrypoint"]]
    for template in found["templates"]:
        template["name"] = templates[template["name"]]
        names = {task["name"]: f"t{number}" for number, task in enumerate(template.get("dag", {}).get("tasks", ()))}

        def told(text: str, naming: str, names: dict[str, str] = names) -> str:
            return keys(re.sub(naming, lambda match: names[match[0]], text))

        for task in template.get("dag", {}).get("tasks", ()):
            task |= {"name": names[task["name"]], "template": templates[task["template"]]}
            if "depends" in task:
                task["depends"] = told(task["depends"], r"[\w-]+(?=\.\w)")
            if "when" in task:
                task["when"] = told(task["when"], r"(?<={{tasks\.)[\w-]+")
            for holder, key in (
                (task.get("withSequence"), "count"),
                *((one, "value") for one in task.get("arguments", {}).get("parameters", ())),
            ):
                if holder is not None:
                    holder[key] = told(holder[key], r"(?<={{tasks\.)[\w-]+")
        if "dag" in template:
            for output in template.get("outputs", {}).get("parameters", ()):
                output["valueFrom"]["expression"] = told(output["valueFrom"]["expression"], r"(?<=tasks\[')[^']+")
    return found


@settings(many, max_examples=40)
@given(shapes)
def test_a_local_run_hands_on_what_the_tree_says(shape: list[Shape]) -> None:
    text = source(shape, living=True)
    flow = compiled(text)
    _, runner = recorder(flow)
    expected = tree.run(flow, runner)
    with tempfile.TemporaryDirectory() as folder:
        file, store = Path(folder) / "flow.py", LocalStore(Path(folder) / "store")
        file.write_text(text)
        command = [sys.executable, "-m", "flowc", "run", str(file), "--datastore", str(store)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + text
        found: dict[tuple[str, str], tree.History] = {}
        for key in store.list("Random/1"):
            if key.endswith(contract.MANIFEST):
                _, run, step, path, _ = key.split("/")
                manifest = read_manifest(store, "Random", TaskId(run, step, path))
                assert manifest is not None
                found[step, path] = tuple(Artifacts(store, "Random", run).load("history", manifest.artifacts["history"]))  # type: ignore[arg-type]
    assert found == expected
