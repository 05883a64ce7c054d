"""FC6xx: what a platform cannot do, or what a target does not emit."""

from ..model import Rule, Severity

OVER_LIMIT = Rule(
    "FC601",
    "over-platform-limit",
    """The compiled document would exceed a limit of the platform, which would refuse it when it is deployed or fail
when it runs. The message says what was used, of how much, and which step is responsible.
""",
)
NOT_EMITTED = Rule(
    "FC602",
    "decorator-not-emitted",
    """The decorator has no effect on this target in this version of flowc: the compiled document does not hold what
it says. The flow compiles and runs without it.

`@batch` speaks to Step Functions and `@kubernetes` to Argo. A step that has only the other platform's decorator gets
none of its settings, unless `@resources` has them too, which counts everywhere.

It is also said of a document that cannot be made of a flow, while the others can: CloudFormation replaces `{{resolve:…}}` in
every text of a template, and one with that in the environment of a step would not mean what the flow means.

No target emits anything of `@card`, `@conda`, `@conda_base`, `@pypi` and `@pypi_base`, so that an argument known only when
the file is run is left out, and said to be, whatever the target: `@conda_base(python=python_version())`.
""",
    Severity.WARNING,
)
BAD_VALUE = Rule(
    "FC603",
    "value-refused-by-platform",
    """A value is outside of what the platform accepts, so that the document could not be deployed. The message says
which range it takes.

So is what a platform cannot do at all. EventBridge, which starts state machines, sees one event at a time: it cannot wait for
all of several events or flows. Its schedules name days of the month or days of the week, never both, and their ranges do not
wrap around. Argo's, which are those of Kubernetes, have no years and no `L`, `W` and `#`. And a schedule gives no values: a flow
that it starts needs a default for each parameter. A flow that its own end starts would never stop.
""",
)
NEAR_LIMIT = Rule(
    "FC604",
    "near-platform-limit",
    """The compiled document takes more than 80 % of a limit of the platform, or a run of the flow could go past one.
It can be deployed; a few more steps, or a longer value, and it could not. `flowc compile --stats` shows all limits.
""",
    Severity.WARNING,
)
NAME_TOO_LONG = Rule(
    "FC605",
    "name-too-long",
    """The name of a step or of the flow takes more than 200 bytes. It becomes the name of a folder, or a part of an
object's key, where a run keeps what it made; and these have a limit on every platform.
""",
)
ROUNDED = Rule(
    "FC606",
    "amount-rounded-up",
    """The platform takes only certain amounts, and what the step asks for is none of them: the next larger one is used,
which may cost more. The message says which. Write that amount, and the warning goes.

AWS Batch has whole virtual CPUs on EC2 instances. Fargate has a list of sizes, in each of which a number of virtual
CPUs goes with certain amounts of memory: 1 with 2,048 to 8,192 MB in steps of 1,024, for example.
""",
    Severity.WARNING,
)
BAD_OVERLAY = Rule(
    "FC607",
    "bad-overlay",
    """The file that `--overlay` names says what cannot be merged onto what the flow becomes, or what comes out is nothing
that Argo takes. An overlay holds YAML documents, each with the `kind` of the objects that it is for, and with `metadata.name` if
it is for one of them:

    kind: WorkflowTemplate
    spec:
      templates:
      - name: task
        container:
          env:
          - {name: HTTPS_PROXY, value: "http://proxy:3128"}

Mappings are merged, lists of things with names are merged by name (`$patch: delete` takes one away), other lists are replaced,
and null takes a key away. What flowc itself needs cannot be changed so: names, `depends`, commands, the variables `FLOWC_…`, and
the labels and annotations by which it knows its objects.
""",
)
IDLE_OVERLAY = Rule(
    "FC608",
    "overlay-without-effect",
    """A part of the file that `--overlay` names does nothing, surely or probably. No object of this flow is of that kind
and name, or a field is none that Argo's versions 3.5 to 4.1 have, so that the cluster would refuse it or leave it out.

One overlay may serve many flows: this is then said of those that a document is not meant for.
""",
    Severity.WARNING,
)
UNKNOWN_ZONE = Rule(
    "FC609",
    "unknown-time-zone",
    """The time zone of `@schedule` is none of the IANA database's (that of 2025b, and its old names). EventBridge would refuse it
when the flow is deployed; Argo takes any text for a zone, and then starts nothing.
""",
)
