"""`flowc trigger`: parameters checked against what is deployed, a run started, its id alone on standard output."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowc.runtime.client.run import Run

from .deployments import Shop, deployed, environment, shop

__all__ = ["deployed", "environment", "shop"]  # fixtures

ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
ODD = [
    'it\'s "quoted"',
    "$(touch here) `touch here` ${HOME} $HOME",
    "{{workflow.name}} {{=1+1}} {} {0}",
    "$.run $$.Execution.Name States.Format('{}', 1)",
    "two\nlines\r\nand a\ttab",
    "😀 ünïcödé \u2028 \u202e עברית",
    "\\ \\\\ \\n \\u0041",
    " null ",
    "true",
    "3",
    "--target",
]


def test_a_run_is_started_and_its_id_is_all_that_is_printed(shop: Shop) -> None:
    ended = shop("trigger", "told.py", "--run-id-file", "id", "--tag", "nightly", "--tag", "x y")
    assert ended.code == 0, ended.err
    assert ID.fullmatch(ended.out.removesuffix("\n"))
    run = ended.out.strip()
    assert Path("id").read_text() == run
    first, then = ended.err.splitlines()
    assert first.startswith(
        f"flowc: run Told/{run} starts: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#"
    )
    assert then == f"flowc: `flowc status told.py {run} --watch` shows how far it is"
    assert shop.wait(run) == "SUCCEEDED"
    found = Run(f"Told/{run}", datastore=shop.place)
    assert found.user_tags == {"nightly", "x y"}
    assert {"user:ann", "runtime:sfn"} <= found.system_tags


def test_a_flow_without_parameters_is_told_whose_run_it_is(shop: Shop) -> None:
    (shop.folder / "plain.py").write_text(
        "from flowc import FlowSpec, step\n\n\nclass Plain(FlowSpec):\n"
        "    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    )
    shop.deploy("plain.py")
    try:
        run = shop.trigger("--tag", "nightly", flow="plain.py")
        assert shop.wait(run, "Plain") == "SUCCEEDED"
        found = Run(f"Plain/{run}", datastore=shop.place)
        assert found.user_tags == {"nightly"}
        assert "user:ann" in found.system_tags
    finally:
        shop.undeploy("plain.py")


def test_the_deployed_plan_says_which_parameters_there_are_whatever_the_file_says_now(shop: Shop) -> None:
    changed = (shop.folder / "told.py").read_text().replace('"number", default=0.5', '"other", default="x"')
    (shop.folder / "told.py").write_text(changed)
    for flow in ("told.py", "Told"):
        help = shop("trigger", flow, "--help")
        assert help.code == 0
        assert re.search(r"--number FLOAT +A number \[default: 0.5\]", help.out), help.out
        assert "--other" not in help.out
    ended = shop("trigger", "told.py", "--other", "y")
    assert (ended.code, ended.out) == (2, "")
    assert "--other is a parameter of told.py, not yet of what is deployed: `flowc deploy` first" in ended.err
    wrong = shop("trigger", "Told", "--other", "y")
    assert (wrong.code, wrong.out) == (2, "")
    assert "No such option '--other'" in wrong.err


def test_what_is_wrong_is_said_before_anything_starts(shop: Shop) -> None:
    before = shop("runs", "Told", "--format", "json").out

    def refusal(*arguments: str) -> str:
        ended = shop("trigger", "Told", *arguments)
        assert (ended.code, ended.out) == (2, ""), ended
        return ended.err

    assert refusal("--number", "much") == "flowc: the parameter `number` takes a number, not 'much'\n"
    assert refusal("--my-count", "1.5") == "flowc: the parameter `my-count` takes a whole number, not '1.5'\n"
    assert refusal("--loud=perhaps") == "flowc: the parameter `loud` takes true or false, not 'perhaps'\n"
    assert refusal("--data", "{") == "flowc: the parameter `data` takes JSON, not '{'\n"
    assert refusal("--data", "[" * 5000) == "flowc: the parameter `data` nests too deeply to be read\n"
    assert refusal("--data", "[" * 800 + "]" * 800) == "flowc: a parameter nests too deeply to be handed over\n"
    assert refusal("--run-id-file", "no/id") == "flowc: cannot write the run's id to no/id: No such file or directory\n"
    assert refusal("--run-id-file", ".") == "flowc: cannot write the run's id to .: Is a directory\n"
    assert refusal("--notes", "nothing.txt") == "flowc: the parameter `notes` cannot be read from nothing.txt: no such file\n"
    assert "No such option '--nmber'. Did you mean '--number'?" in refusal("--nmber", "1")
    assert "a tag is a printable text" in refusal("--tag", "")
    assert "Option '--text' requires an argument" in refusal("--text")
    assert shop("runs", "Told", "--format", "json").out == before


def test_values_arrive_as_they_were_given(shop: Shop) -> None:
    raw = bytes(range(256))
    (shop.folder / "raw.bin").write_bytes(raw)
    (shop.folder / "notes.txt").write_bytes(b"one\r\ntwo $(x) {{y}}\0\n")
    data = {"a": [1.0, 1e300, 2**70, "3", None, True, "{}"], "{{x}}": "$.x", "": {"'": '"\n\u2028😀\x00'}}
    texts = ["".join(ODD), *ODD[7:]]  # what could be taken for something else stands alone, too
    runs = {text: shop.trigger("--my-count", "0", f"--text={text}") for text in texts}
    whole = shop.trigger(
        *("--my-count", "1", "--number", "0.1", "--loud", "--data", json.dumps(data)),
        *("--notes", "notes.txt", "--raw", "raw.bin"),
    )
    strange = shop.trigger("--number", "-inf", "--data", '"text"', "--my-count", "0")
    for run in (*runs.values(), whole, strange):
        assert shop.wait(run) == "SUCCEEDED", run
    for text, run in runs.items():
        assert shop.data(run).text == text
    kept = shop.data(whole)
    assert (kept.count, kept.number, kept.loud, kept.raw, kept.notes) == (1, 0.1, True, raw, "one\ntwo $(x) {{y}}\0\n")
    assert repr(kept.data) == repr(data)
    kept = shop.data(strange)
    assert (kept.number, kept.data) == (float("-inf"), "text")
    assert not list(shop.folder.glob("here"))


def test_an_input_may_be_large_and_not_too_large(shop: Shop) -> None:
    (shop.folder / "most.txt").write_text("x" * 250_000)
    run = shop.trigger("--my-count", "0", "--notes", "most.txt")
    assert shop.wait(run) == "SUCCEEDED"
    assert shop.data(run).notes == "x" * 250_000
    # Quotes take two bytes each where the input is a string in JSON, and there four.
    for text in ("x" * 262_144, '"' * 70_000):
        (shop.folder / "more.txt").write_text(text)
        ended = shop("trigger", "told.py", "--notes", "more.txt")
        assert (ended.code, ended.out) == (2, "")
        assert re.fullmatch(
            r"flowc: the parameters take [0-9,]+ bytes on the platform, which takes 262,144: `notes` alone is [0-9,]+ bytes; "
            r"put it where tasks can read it, and hand in its name\n",
            ended.err,
        )


def test_waiting_shows_each_step_and_ends_as_the_run_does(shop: Shop) -> None:
    ended = shop("trigger", "told.py", "--wait", "--my-count", "4")
    assert ended.code == 0, ended.err
    run = ended.out.strip()
    lines = ended.err.splitlines()
    assert "flowc: start: done" in lines
    assert "flowc: work: 4/4 done" in lines
    assert "flowc: end: done" in lines
    assert f"Told/{run} is done" in lines


def test_waiting_for_a_failure_shows_the_users_lines(shop: Shop) -> None:
    ended = shop("trigger", "told.py", "--wait", "--lacks", str(shop.folder / "nothing"))
    run = ended.out.strip()
    assert (ended.code, bool(ID.fullmatch(run))) == (1, True)
    assert f"Told/{run} failed" in ended.err
    assert 'raise ValueError("the file is not there")' in ended.err
    assert "ExceedToleratedFailureThreshold" not in ended.err, "the foreach failed since its item did"
    assert "flowc: work: 2/3 done, 1 failed" in ended.err


def test_ctrl_c_while_waiting_leaves_the_run_alone(shop: Shop) -> None:
    gate = shop.folder / "gate"
    command = [sys.executable, "-m", "flowc", "trigger", "told.py", "--wait", "--gate", str(gate)]
    with subprocess.Popen(command, cwd=shop.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            run = process.stdout.readline().strip()
            while "is running" not in process.stderr.readline():
                pass
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait() == 130
        finally:
            process.kill()
    assert rest.splitlines()[-1] == (
        f"flowc: no longer watching; the run {run} goes on: `flowc status told.py {run} --watch` shows it again, "
        f"`flowc stop told.py {run}` ends it"
    )
    assert shop.status(run)["status"] == "running"
    gate.touch()
    assert shop.wait(run) == "SUCCEEDED"


def test_a_terminal_shows_a_table(shop: Shop) -> None:
    from terminals import Terminal

    command = [sys.executable, "-m", "flowc", "trigger", "told.py", "--wait"]
    terminal = Terminal(command, shop.folder, TERM="xterm-256color")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.read_to_end())
    assert terminal.code == 0, shown
    assert re.search(r"step +running +done +failed", shown)
    assert re.search(r"work +3/3", shown)


def test_without_what_deploy_left_the_file_tells(shop: Shop) -> None:
    plan = next(key for key in shop.store.list("flowc-packages/Told/") if key.endswith(".json"))
    with shop.without(plan):
        ended = shop("trigger", "told.py", "--number", "2", "--my-count", "0")
        assert ended.code == 0
        assert (
            f"flowc: the datastore {shop.place} has no {plan}, which says what the deployed flow takes (`flowc deploy` puts it "
            "there again); parameters are checked against told.py\n" in ended.err
        )
        name = shop("trigger", "Told")
        assert (name.code, name.out) == (2, "")
        assert name.err.startswith(f"flowc: the datastore {shop.place} has no {plan}")
    assert shop.wait(ended.out.strip()) == "SUCCEEDED"


def test_a_damaged_plan_is_said_as_that(shop: Shop) -> None:
    plan = next(key for key in shop.store.list("flowc-packages/Told/") if key.endswith(".json"))
    with shop.without(plan):
        for data in (b"\xff{", b"[" * 5000):
            shop.store.put(plan, data)
            ended = shop("trigger", "Told")
            assert (ended.code, ended.out) == (2, "")
            assert ended.err == (
                f"flowc: {plan} in the datastore {shop.place} is damaged, which says what the deployed flow takes "
                "(`flowc deploy` puts it there again)\n"
            )


def test_a_run_is_told_of_whatever_becomes_of_the_output(shop: Shop) -> None:
    command = f"{sys.executable} -m flowc trigger Told --my-count 0 > /dev/full"
    ended = subprocess.run(["bash", "-c", command], cwd=shop.folder, capture_output=True, text=True, check=False)
    first, *rest = ended.stderr.splitlines()
    assert (ended.returncode, rest) == (2, ["flowc: cannot write to standard output: No space left on device"])
    told = re.match(rf"flowc: run Told/({ID.pattern}) starts: ", first)
    assert told is not None
    assert shop.wait(told[1]) == "SUCCEEDED"


def test_the_deployment_names_its_datastore(shop: Shop) -> None:
    (shop.folder / "flowc.toml").unlink()
    ended = shop("trigger", "Told", "--target", "sfn", "--my-count", "0", "--wait")
    assert ended.code == 0, ended.err
    assert shop("logs", f"Told/{ended.out.strip()}", "--target", "sfn").out == "[start] begins\n[end] the end\n"


def test_parameters_may_be_called_as_options_are(shop: Shop) -> None:
    wait = ('"text", default=""', '"wait", default=0')
    with shop.other('"number", default=0.5', '"target", default="x"', wait) as other:
        run = shop.trigger("--target", "moon", "--wait", "5", "--my-count", "0", flow=other)
        assert shop.wait(run, "Other") == "SUCCEEDED"
        kept = shop.data(run, flow="Other")
        assert (kept.number, kept.text) == ("moon", 5)
        options = re.findall(r"^  (--\S+)", shop("trigger", other, "--help").out, re.MULTILINE)
    assert len(options) == len(set(options)), "no option is there twice"
    assert {"--target", "--wait"} <= set(options)


def test_what_is_not_there_is_said_in_one_sentence(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(*arguments: str) -> str:
        ended = shop(*arguments)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), ended
        return ended.err

    assert refusal("trigger", "Tol").startswith(
        "flowc: there is no state machine Tol in us-east-1, account 123456789012 (there is Told): `flowc deploy` makes it, "
        "AWS_REGION"
    )
    assert "has no run 7" in refusal("stop", "Told", "7")
    for verb in ("stop", "redrive"):  # the latest may be anybody's
        for run in ("latest", "Told/latest", ""):
            assert refusal(verb, "Told", run).startswith("flowc: which run? Only verbs that change nothing take `latest`")
    monkeypatch.setenv("KUBECONFIG", str(shop.folder / "nowhere"))
    assert refusal("trigger", "told.py", "--target", "argo").startswith("flowc: no cluster is named: ")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "no state machine Told in eu-west-1" in refusal("trigger", "told.py")
    assert "no state machine Told in eu-west-1" in refusal("redrive", "told.py", "7")
    (shop.folder / "flowc.toml").unlink()
    ended = shop("trigger", "told.py")
    assert (ended.code, "which platform? Say --target" in ended.err) == (2, True)


def test_a_machine_that_is_not_ours_is_left_alone(shop: Shop) -> None:
    definition = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
    sfn = shop.aws.client("stepfunctions")
    made = sfn.create_state_machine(name="Foreign", definition=definition, roleArn=shop.aws.role)["stateMachineArn"]
    ended = shop("trigger", "Foreign")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "flowc: the state machine Foreign in us-east-1 was not made by flowc, and is left as it is\n"
    assert sfn.list_executions(stateMachineArn=made)["executions"] == []


def test_branches_of_a_project_are_deployments_of_their_own(shop: Shop) -> None:
    text = (shop.folder / "told.py").read_text().replace("class Told", '@project(name="tales")\nclass Told')
    (shop.folder / "tale.py").write_text(text.replace("import FlowSpec", "import project, FlowSpec"))
    shop.deploy("tale.py", "--branch", "x")
    try:
        wrong = shop("trigger", "tale.py", "--production")
        assert (wrong.code, wrong.out) == (2, "")
        assert "there is no state machine" in wrong.err
        run = shop("trigger", "tale.py", "--branch", "x", "--my-count", "0", "--wait")
        assert run.code == 0, run.err
        by_name = shop("status", f"tales.test.x.Told/{run.out.strip()}")
        assert by_name.out.startswith(f"Told/{run.out.strip()} is done\n"), by_name.err
        shop.deploy("tale.py", "--branch", "y")
        other = shop("trigger", "tale.py", "--branch", "y", "--my-count", "0", "--wait").out.strip()
        for branch, latest in (("x", run.out.strip()), ("y", other)):  # of a datastore that both keep their runs in
            assert shop("status", "tale.py", "--branch", branch).out.startswith(f"Told/{latest} is done\n")
    finally:
        for branch in ("x", "y"):
            assert shop("undeploy", "tale.py", "--branch", branch, "--yes", "--stop").code == 0


def test_a_branch_of_no_project_is_not_taken_for_the_only_deployment(shop: Shop) -> None:
    before = shop("runs", "Told", "--format", "json").out
    for verb, *run in (("trigger",), ("stop", "7"), ("redrive", "7"), ("status", "latest"), ("logs", "latest"), ("runs",)):
        ended = shop(verb, "told.py", *run, "--branch", "x")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "flowc: --branch is for flows with @project, which Told has not: it has one deployment\n"
        words = ("Told", *run) if verb in ("trigger", "stop", "redrive", "runs") else ("/".join(("Told", *run)),)
        ended = shop(verb, *words, "--production")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "flowc: --production is for the flow's file: a name says its branch itself, as project.test.x.Told\n"
    assert shop("runs", "Told", "--format", "json").out == before


def test_a_run_id_says_when_the_run_was_started(shop: Shop) -> None:
    before = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    first, second = shop.trigger("--my-count", "0"), shop.trigger("--my-count", "0")
    assert before <= first[:15] <= second[:15]
    assert first != second
    assert {shop.wait(first), shop.wait(second)} == {"SUCCEEDED"}
