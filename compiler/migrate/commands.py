"""The table of commands: what Metaflow's are in flowc, and what is the nearest where there is none.

It lists what `python flow.py …` of Metaflow 2.19 takes. A command that flowc learns gets its `flowc` filled in here, an option
its `to`, and nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FILE = "{file}"


@dataclass(frozen=True, slots=True)
class Option:
    """An option of Metaflow's.

    Attributes:
        values: How many values follow it.
        to: Its name in flowc, or None.
        gone: The values with which it says what flowc does anyway: it goes away. Of a flag, `""`.
        means_nothing: It goes away with any value.
        holds: What its value has to be: a `folder`, a `url`, or anything.
        help: What to do where it has no equivalent.
    """

    values: int = 1
    to: str | None = None
    gone: frozenset[str] = frozenset()
    means_nothing: bool = False
    holds: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of Metaflow's.

    Attributes:
        flowc: The words after `flowc`, with `{file}` for the file; None where there is no such command yet.
        nearest: The words of what comes nearest, where it has to be left.
        why: What is missing then.
        options: Those which stand after it.
        in_front: Those in front of it that mean something else for it than for others.
        parameters: It takes other options too, the flow's parameters.
        only_with: The option without which it does more than flowc can.
        common: The word is so common that the file must be known to be a flow.
    """

    flowc: str | None = None
    nearest: str = ""
    why: str = ""
    options: dict[str, Option] = field(default_factory=dict)
    in_front: dict[str, Option] = field(default_factory=dict)
    parameters: bool = False
    only_with: str = ""
    common: bool = False


SAYS_NOTHING = Option(values=0, gone=frozenset({""}))
UNKNOWN = Option(help="flowc has no such option")
KEPT = "flowc keeps all of a run in its datastore, and needs no service"
WITH = Option(to="--with")
TAG = Option(to="--tag")
NO_TAG = Option(help="the documents of `flowc compile` have no tags: leave it out")
NAMESPACE = Option(help="flowc tags a run with who started it: leave it out")
TOKEN = "nobody has to own a name on the platform: leave it out"
SETTLED = Option(values=0, help="flowc has no such setting: leave it out")
SET_ELSEWHERE = Option(help="flowc has no such setting: leave it out")
CONFIGS = {"--config": Option(values=2, to="--config"), "--config-value": Option(values=2, to="--config-value")}

ANYWHERE: dict[str, Option] = {
    "--not-quiet": SAYS_NOTHING,
    "--pylint": SAYS_NOTHING,
    "--no-pylint": SAYS_NOTHING,
    "--no-force-rebuild-environments": SAYS_NOTHING,
    "--quiet": Option(values=0, to="--quiet"),
    "--metadata": Option(gone=frozenset({"local"}), help=KEPT),
    "--datastore": Option(gone=frozenset({"local"}), help="name the whole place: --datastore s3://bucket/prefix"),
    "--datastore-root": Option(to="--datastore"),
    "--environment": Option(gone=frozenset({"local"}), help="put the packages into the image: see `flowc compile -o`"),
    "--event-logger": Option(gone=frozenset({"nullSidecarLogger"}), help="flowc has no such service: leave it out"),
    "--monitor": Option(gone=frozenset({"nullSidecarMonitor"}), help="flowc has no such service: leave it out"),
    "--package-suffixes": Option(help="`flowc package` takes --include '*.csv', and so does the settings file"),
    "--force-rebuild-environments": Option(values=0, help="flowc builds no environments: leave it out"),
    "--with": WITH,
    "--mode": Option(help="flowc has no such mode: leave it out"),
    "--branch": Option(help="flowc does not deploy yet"),
    "--production": Option(values=0, help="flowc does not deploy yet"),
    **CONFIGS,
}
"""What may stand between the file and the command."""

_READS_NOTHING = {name: Option(values=option.values, means_nothing=True) for name, option in ANYWHERE.items()}
"""For a command that does not look at the flow, none of it matters."""

_READS_ONLY = {**_READS_NOTHING, "--with": WITH, **CONFIGS}
"""For a command that only reads the source, it does not matter where a run would be kept."""

_COMPILES = {
    "--quiet": SETTLED,
    "--datastore": Option(gone=frozenset({"s3"}), help="`flowc compile` takes --datastore s3://bucket/prefix"),
    "--datastore-root": Option(to="--datastore", holds="url", help="`flowc compile` takes --datastore s3://bucket/prefix"),
}

_RUN = {
    "--max-workers": Option(to="--max-workers"),
    "--max-num-splits": Option(to="--max-num-splits"),
    "--max-log-size": Option(help="flowc keeps all that a step prints: leave it out"),
    "--with": WITH,
    "--tag": TAG,
    "--namespace": NAMESPACE,
    "--run-id-file": Option(to="--run-id-file"),
    "--runner-attribute-file": Option(help="`flowc run` takes --run-id-file, which gets the id alone"),
    **CONFIGS,
}

_CREATE = {
    "--only-json": SAYS_NOTHING,
    "--tag": NO_TAG,
    "--namespace": NAMESPACE,
    "--max-workers": Option(help="flowc lets 100 tasks of a run work at a time"),
    "--workflow-timeout": Option(help="give the steps @timeout"),
    "--workflow-priority": SET_ELSEWHERE,
    "--name": Option(help="the workflow has the flow's name"),
    "--authorize": Option(help=TOKEN),
    "--generate-new-token": Option(values=0, help=TOKEN),
    "--new-token": Option(help=TOKEN),
    "--deployer-attribute-file": SET_ELSEWHERE,
}

_ARGO = _CREATE | {
    **dict.fromkeys(
        (
            *("--auto-emit-argo-events", "--no-auto-emit-argo-events", "--notify-on-error", "--no-notify-on-error"),
            *("--notify-on-success", "--no-notify-on-success", "--enable-heartbeat-daemon", "--no-enable-heartbeat-daemon"),
            *("--enable-error-msg-capture", "--no-enable-error-msg-capture"),
        ),
        SETTLED,
    ),
    **dict.fromkeys(
        (
            *("--notify-slack-webhook-url", "--notify-pager-duty-integration-key", "--notify-incident-io-api-key"),
            *("--incident-io-alert-source-config-id", "--incident-io-metadata", "--workflow-title", "--workflow-description"),
        ),
        SET_ELSEWHERE,
    ),
}

_SFN = _CREATE | {
    "--aws-batch-tag": NO_TAG,
    "--log-execution-history": SETTLED,
    "--use-distributed-map": SAYS_NOTHING,
    "--no-use-distributed-map": Option(values=0, help="flowc writes foreaches as distributed maps: leave it out"),
    "--compress-state-machine": SETTLED,
    "--no-compress-state-machine": SAYS_NOTHING,
}

_NO_DEPLOY = "flowc does not deploy yet"
_NO_CLIENT = "flowc does not talk to platforms yet"
_ON_ARGO = Command(nearest=f"compile {FILE} --target argo -o build/", why=_NO_CLIENT)
_ON_SFN = Command(nearest=f"compile {FILE} --target sfn -o build/", why=_NO_CLIENT)
_LOGS = Command(nearest=f"logs {FILE} RUN/STEP/PATH", why="flowc calls tasks by their paths, not by numbers")
_CARDS = Command(nearest=f"show {FILE}", why="flowc draws no cards yet")
_TAGGED = "flowc takes the run as a word, not as an option"

COMMANDS: dict[str, Command] = {
    "check": Command(
        f"check {FILE}",
        in_front=_READS_ONLY,
        options={"--no-warnings": SAYS_NOTHING, "--warnings": Option(values=0, help="`flowc check` shows all warnings anyway")},
    ),
    "show": Command(f"show {FILE}", in_front=_READS_ONLY),
    "run": Command(f"run {FILE}", options=_RUN, parameters=True),
    "help": Command("--help", in_front=_READS_NOTHING, common=True),
    "version": Command("--version", in_front=_READS_NOTHING, common=True),
    "output-dot": Command(nearest=f"show {FILE}", why="flowc draws graphs as text"),
    "output-raw": Command(nearest=f"compile {FILE} --target argo -o build/", why="flowc writes the graph as plan.json"),
    "resume": Command(nearest=f"resume {FILE} RUN --from STEP", why="flowc takes the run as a word, and the step as an option"),
    "spin": Command(nearest=f"replay {FILE} RUN/STEP", why="flowc wants to know the run whose task it is"),
    "dump": Command(nearest=f"dump {FILE} RUN/STEP/PATH", why="flowc calls tasks by their paths, not by numbers", common=True),
    "logs": _LOGS,
    "argo-workflows create": Command(
        f"compile {FILE} --target argo",
        nearest=f"compile {FILE} --target argo -o build/",
        why=_NO_DEPLOY,
        options=_ARGO,
        in_front=_COMPILES,
        only_with="--only-json",
    ),
    **dict.fromkeys(("argo-workflows delete", "argo-workflows status", "argo-workflows trigger"), _ON_ARGO),
    **dict.fromkeys(("argo-workflows suspend", "argo-workflows terminate", "argo-workflows unsuspend"), _ON_ARGO),
    "argo-workflows list-workflow-templates": _ON_ARGO,
    "argo-workflows": _ON_ARGO,
    "step-functions create": Command(
        f"compile {FILE} --target sfn",
        nearest=f"compile {FILE} --target sfn -o build/",
        why=_NO_DEPLOY,
        options=_SFN,
        in_front=_COMPILES,
        only_with="--only-json",
    ),
    **dict.fromkeys(("step-functions delete", "step-functions list-runs"), _ON_SFN),
    **dict.fromkeys(("step-functions terminate", "step-functions trigger"), _ON_SFN),
    "step-functions": _ON_SFN,
    "airflow": Command(nearest=f"compile {FILE} --target argo -o build/", why="flowc has no target Airflow"),
    **dict.fromkeys(("batch list", "batch kill"), _ON_SFN),
    **dict.fromkeys(("kubernetes list", "kubernetes kill"), _ON_ARGO),
    **dict.fromkeys(("card create", "card get", "card list", "card server", "card view"), _CARDS),
    "tag list": Command(nearest=f"tag list {FILE} RUN", why=_TAGGED),
    **{f"tag {one}": Command(nearest=f"tag {one} {FILE} RUN TAG", why=_TAGGED) for one in ("add", "remove", "replace")},
    "package list": Command(f"package list {FILE}", in_front=_READS_ONLY),
    "package info": Command(nearest=f"package list {FILE}", why="flowc shows one list"),
    "package save": Command(nearest=f"package save {FILE} -o OUT", why="flowc takes where to save as an option"),
}
"""By one or two words. Of a pair that is not here, the first word alone is looked up."""

GROUPS = frozenset({"airflow", "argo-workflows", "batch", "card", "kubernetes", "logs", "package", "step-functions", "tag"})
"""Commands whose own commands follow."""

GROUP_OPTIONS: dict[str, Option] = {"--name": Option(help="the workflow has the flow's name")}
"""What may stand between the two words of a pair."""

NO_FLOWS = frozenset({"manage.py", "setup.py", "conftest.py", "noxfile.py"})
"""Programs of other tools, whose commands are called as some of Metaflow's are."""
