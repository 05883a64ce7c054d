"""FC5xx: faults of decorators, parameters, included files and configs."""

from ..model import Rule, Severity

NOT_CONSTANT = Rule(
    "FC501",
    "argument-not-constant",
    """An argument of a decorator or of a `Parameter` must be a constant expression: flowc reads it without running
the file. Literals, names of constants, values of a `Config`, arithmetic, f-strings, `SIZES["small"]` and calls such as
`int("3")` or `max(1, 2)` are fine; calls of other functions are not.

    @resources(memory=int(os.environ["MB"]))    → MB = 4000
                                                  @resources(memory=MB)
""",
)
UNKNOWN_DECORATOR = Rule(
    "FC502",
    "unknown-decorator",
    """The decorator is imported from flowc or metaflow, which has none of that name; or `--with` or `--without` names it.
""",
    fixable=True,
)
BAD_ARGUMENT = Rule(
    "FC503",
    "bad-decorator-argument",
    """A decorator is given an argument that it does not have, one that is not of its type or that says something impossible,
two that exclude each other, or one by position where it wants a name.

    @retry(3)           → @retry(times=3)
    @retry(tims=3)      → @retry(times=3)
""",
    fixable=True,
)
DUPLICATE_DECORATOR = Rule(
    "FC504",
    "duplicate-decorator",
    """The same decorator stands twice on one step or flow, or is added by two `--with`, so it is unclear which of the two
counts. Merge them.
""",
)
WRONG_PLACE = Rule(
    "FC505",
    "decorator-in-wrong-place",
    """A decorator for flows stands on a step, one for steps on a flow, or one for steps on a method that is no step,
where it would do nothing. What `--with` adds, it adds to steps.
""",
)
BAD_PARAMETER = Rule(
    "FC506",
    "bad-parameter",
    """A `Parameter`, an `IncludeFile` or a `Config` is malformed: its name is not a string or not a valid option name, it is
given an argument that it does not have or that is not of its type, or its default is not of the parameter's type.

    alpha = Parameter("alpha", default=0.5, type=float, help="the learning rate")
""",
    fixable=True,
)
DUPLICATE_PARAMETER = Rule(
    "FC507",
    "duplicate-parameter",
    """Two of a flow's parameters, included files and configs have the same name on the command line (`-` and `_` and case count
as the same).
""",
)
CATCH_CANNOT_CHOOSE = Rule(
    "FC508",
    "catch-cannot-choose",
    """`@catch` stands on a step that chooses its way, fans out or splits by what it computes. When the step fails,
nothing has been chosen, so the flow could not go on. Catch in a step of its own, and choose in the next one.
""",
)
NO_FOREACH_BEGUN = Rule(
    "FC520",
    "no-foreach-begun",
    """`@foreach` says how a foreach runs, and belongs on the step that begins it: the one whose `self.next` has `foreach=`. On
any other step it does nothing.

    @foreach(max_concurrency=10)
    @step
    def start(self):
        self.files = [...]
        self.next(self.work, foreach="files")
""",
)
NOT_IMPORTED = Rule(
    "FC510",
    "name-not-imported",
    """The name is one of flowc's, or looks like one, but nothing in the file imports or defines it: Python would stop there
with a NameError.

    from flowc import FlowSpec, retry, step
""",
    fixable=True,
)
FILE_NOT_FOUND = Rule(
    "FC511",
    "file-not-found",
    """The file that a `Config` names does not exist or cannot be read. A path is looked for from the folder of the flow's file,
and then from the current folder.

    config = Config("config", default="config.json")    → write config.json beside the flow, or give another:
                                                          flowc run flow.py --config config other.json
""",
)
CONFIG_UNREADABLE = Rule(
    "FC512",
    "config-unreadable",
    """What a `Config` is given cannot be read: it is no JSON (or no TOML, with `parser=tomllib.loads`), it holds what JSON has no
word for, it is no table of keys and values, or only running code could parse it. flowc runs none of the flow's code while it
compiles: it knows the parsers `json.loads` and `tomllib.loads`. With any other, hand in the parsed value as JSON:

    flowc run flow.py --config-value config "$(yq -o json config.yaml)"
""",
)
NO_SUCH_KEY = Rule(
    "FC513",
    "no-such-config-key",
    """An expression takes a value of a `Config` that its file does not have.

    @resources(memory=config.memroy)    → memory=config.memory
                                          memory=config.get("memory", 4096)
""",
)
UNDECODABLE_INCLUDE = Rule(
    "FC514",
    "undecodable-include",
    """The default file of an `IncludeFile` is not text in its encoding. Name its encoding, or take its bytes as they are:

    model = IncludeFile("model", default="model.bin", is_text=False)
""",
)
INCLUDE_TOO_LARGE = Rule(
    "FC515",
    "include-too-large",
    """The default file of an `IncludeFile` is larger than 1 MiB. Content up to that size travels in `plan.json`, so that a
deployed run has it; this one only a local run can read. Put it into the image or into object storage, and read it in a step.
""",
    Severity.WARNING,
)
INIT_NOT_CALLED = Rule(
    "FC516",
    "init-not-called",
    """The flow has an `__init__`. A run never calls it: each task has an object of its own, which takes its state from the
artifacts. What `__init__` sets is lost.

    def __init__(self):                 @step
        super().__init__()      →       def start(self):
        self.rows = []                      self.rows = []
""",
    Severity.WARNING,
)
CONFIG_NOT_GIVEN = Rule(
    "FC517",
    "config-not-given",
    """A `Config` is required and has no default, so that the flow means nothing without `--config NAME PATH` or
`--config-value NAME JSON`.

    config = Config("config", required=True)    → flowc check flow.py --config config dev.json
                                                  config = Config("config", default="dev.json")
""",
)
REQUIRED_WITH_DEFAULT = Rule(
    "FC518",
    "required-with-default",
    """What has a default is never missing, so that `required=True` has no effect beside it. Take one of the two away.
""",
    Severity.WARNING,
)
DEFAULT_FILE_NOT_FOUND = Rule(
    "FC519",
    "default-file-not-found",
    """The default file of an `IncludeFile` cannot be read, neither from the folder of the flow's file nor from the current one.
Nothing of it travels with a compiled flow: a run that does not name another file fails when it starts.

    notes = IncludeFile("notes", default="notes.txt")    → write notes.txt beside the flow, or name a file in each run:
                                                           flowc run flow.py --notes other.txt
""",
    Severity.WARNING,
)
BAD_SPEC = Rule(
    "FC521",
    "unreadable-option",
    """What `--with` says is no decorator, or what `--without` says is no name of one. A decorator is its name alone, or its name,
a colon, and arguments with commas between them. Values are JSON (lists and dictionaries always are), or else text:

    flowc run flow.py --with retry
    flowc run flow.py --with retry:times=4 --with batch:cpu=4,memory=10000,image=python:3.12
    flowc run flow.py --with 'kubernetes:node_selector={"disk": "ssd"},secrets=["db", "cache"]'
    flowc run flow.py --without batch
""",
)
