"""`current`: what a task knows of itself, and what there is outside of one."""

from __future__ import annotations

import os
from typing import Any

import pytest

from flowc import current
from flowc.runtime.contract import project_branch, project_flow_name
from flowc.runtime.language.current import Current


def test_all_of_it_in_a_task(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "ada")
    monkeypatch.delenv("FLOWC_USER", raising=False)
    names = (
        *("flow_name", "run_id", "step_name", "task_id", "pathspec", "retry_count", "origin_run_id", "namespace", "username"),
        *("tags", "parameter_names", "project_name", "branch_name", "is_production", "is_user_branch", "project_flow_name"),
        *("is_running_flow", "trigger", "tempdir"),
    )
    ran = write(f"""
        @project(name="shop")
        class Known(FlowSpec):
            size = Parameter("size", default=1)
            label = Parameter("label", default="x")

            @step
            def start(self):
                self.items = [1]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.known = {{name: getattr(current, name) for name in {names!r}}}
                self.there = ["run_id" in current, "trigger" in current, "nosuch" in current, current.get("nosuch", 5)]
                self.next(self.join)

            @step
            def join(self, inputs):
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done(tags=("one", "two"))
    known = ran.value("work", "known", "0")
    assert os.path.isdir(known.pop("tempdir"))
    assert known == {
        "flow_name": "Known",
        "run_id": ran.run_id,
        "step_name": "work",
        "task_id": "0",
        "pathspec": f"Known/{ran.run_id}/work/0",
        "retry_count": 0,
        "origin_run_id": None,
        "namespace": "user:ada",
        "username": "ada",
        "tags": frozenset({"one", "two"}),
        "parameter_names": ["size", "label"],
        "project_name": "shop",
        "branch_name": "user.ada",
        "is_production": False,
        "is_user_branch": True,
        "project_flow_name": "shop.user.ada.Known",
        "is_running_flow": True,
        "trigger": None,
    }
    assert ran.value("work", "there", "0") == [True, False, False, 5]


@pytest.mark.parametrize(
    ("arguments", "environment", "branch", "production"),
    [
        ("", {"FLOWC_BRANCH": "try_1"}, "test.try_1", False),
        ("", {"FLOWC_PRODUCTION": "1"}, "prod", True),
        (", branch='b'", {"FLOWC_BRANCH": "other"}, "test.b", False),
        (", branch='b', production=True", {}, "prod.b", True),
    ],
)
def test_branches_of_a_project(
    write: Any, monkeypatch: pytest.MonkeyPatch, arguments: str, environment: dict[str, str], branch: str, production: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = write(f"""
        @project(name="shop"{arguments})
        class Branched(FlowSpec):
            @step
            def start(self):
                self.found = current.branch_name, current.is_production, current.is_user_branch
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("start", "found") == (branch, production, False)


def test_the_rule_for_names_of_projects() -> None:
    assert project_branch(None, production=False, user=None) == "user.unknown"
    assert project_flow_name("shop", "test.b", "F") == "shop.test.b.F"


def test_outside_of_a_task() -> None:
    nothing = Current()
    names = [name for name in dir(Current) if not name.startswith("_") and name not in ("get", "username", "tempdir", "card")]
    assert {name: getattr(nothing, name) for name in names} == dict.fromkeys(names) | {"is_running_flow": False}
    assert "run_id" not in current


def test_what_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match=r"flowc's `current` has no `run_ids`; did you mean `current\.run_id`\?"):
        _ = current.run_ids
    with pytest.raises(AttributeError, match="it has branch_name, card, "):
        _ = current.checkpoint


CARDS = """
    from metaflow import FlowSpec, card, current, step
    from metaflow.cards import Image, Markdown, ProgressBar, Table

    class Carded(FlowSpec):
        @card(type="blank", id="a")
        @card(id="b")
        @step
        def start(self):
            bar = ProgressBar(max=3)
            bar.update(2)
            current.card.append(Markdown("# a"))
            current.card["a"].extend([Table([[1]]), bar, Table.from_dataframe(None), Image.from_matplotlib(None)])
            current.card["a"].refresh()
            current.card["b"].clear()
            current.card["b"] = []
            current.card.components["x"].update(1)
            self.xs = [1, 2]
            self.next(self.work, foreach="xs")

        @card
        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def test_cards_are_taken_and_it_is_said_once_that_they_make_nothing(write: Any) -> None:
    ran = write(CARDS).done()
    told = [line for line in ran.err.splitlines() if "@card" in line]
    assert told == ["flowc: @card makes nothing yet: steps `start`, `work` will leave no card"]
    assert "@card" not in write(CARDS).orchestrated("c").err


def test_modules_below_metaflow(write: Any) -> None:
    ran = write("""
        import metaflow
        from metaflow import exception
        from metaflow.exception import MetaflowException, MetaflowNotFound as NotFound
        from metaflow.flowspec import FlowSpec
        from metaflow.parameters import Parameter
        from metaflow.plugins.datatools.s3 import S3, S3Object
        from metaflow.multicore_utils import parallel_map
        from metaflow import parallel_imap_unordered, profile, step

        class Below(FlowSpec):
            size = Parameter("size", default=2)

            @step
            def start(self):
                try:
                    raise NotFound("gone")
                except exception.MetaflowException as error:
                    self.message = str(error), error.message, error.headline
                times = {}
                with profile("a", times):
                    self.found = parallel_map(lambda n: n * self.size, [1, 2])
                self.times = list(times)
                self.rest = sorted(parallel_imap_unordered(str, [1]))
                self.same = metaflow.S3 is S3
                try:
                    from metaflow.cards import get_cards
                except ImportError as error:
                    self.missing = str(error)
                try:
                    from metaflow.plugins.cards import x
                except ImportError as error:
                    self.no_module = str(error)
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "message") == ("gone", "gone", "Object not found")
    assert ran.value("end", "found") == [2, 4]
    assert ran.value("end", "times") == ["a"]
    assert ran.value("end", "rest") == ["1"]
    assert ran.value("end", "same")
    assert ran.value("end", "missing") == "flowc does not have Metaflow's `cards.get_cards` yet"
    assert ran.value("end", "no_module") == "flowc does not have `metaflow.plugins.cards` yet"


def test_the_compiler_and_the_runtime_know_the_same_modules() -> None:
    from flowc.compiler.frontend import face
    from flowc.runtime.language.submodules import SUBMODULES

    assert {name: frozenset(members) for name, members in SUBMODULES.items()} == face.SUBMODULES
