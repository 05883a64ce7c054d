"""Task parameters against AWS's own service models, as botocore ships them: what no linter of state machines sees.

In: a parsed definition, or a list of requests, as of Batch's `register_job_definition`. Out: one sentence for each fault, with
its JSON path: `$.States.work.Parameters.ContainerOverrides.Enviroment: is no member of ContainerOverrides`.

Step Functions writes a member's name with a capital letter (`JobName` for `jobName`). A name that ends in `.$` is a path, whose
type is known only when it runs: its name is checked and that its value can be a path, not what it will give.
"""

import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]

# Integrations that Step Functions optimises, and how they may be called. All others go through aws-sdk.
_OPTIMISED: dict[tuple[str, str], frozenset[str]] = {
    ("batch", "submitJob"): frozenset({"", ".sync"}),
    ("dynamodb", "deleteItem"): frozenset({""}),
    ("dynamodb", "getItem"): frozenset({""}),
    ("dynamodb", "putItem"): frozenset({""}),
    ("dynamodb", "updateItem"): frozenset({""}),
    ("ecs", "runTask"): frozenset({"", ".sync", ".waitForTaskToken"}),
    ("events", "putEvents"): frozenset({"", ".waitForTaskToken"}),
    ("glue", "startJobRun"): frozenset({"", ".sync"}),
    ("lambda", "invoke"): frozenset({"", ".waitForTaskToken"}),
    ("sns", "publish"): frozenset({"", ".waitForTaskToken"}),
    ("sqs", "sendMessage"): frozenset({"", ".waitForTaskToken"}),
    ("states", "startExecution"): frozenset({"", ".sync", ".sync:2", ".waitForTaskToken"}),
}
_SDK = frozenset({"", ".waitForTaskToken"})
_READERS = frozenset({("s3", "getObject"), ("s3", "listObjectsV2")})
# Where Step Functions' word for a service is not botocore's.
_SERVICES = {"states": "stepfunctions", "sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}
_INTEGRATION = re.compile(
    r"arn:aws[a-z-]*:states:::(?P<sdk>aws-sdk:)?(?P<service>[a-z0-9]+):(?P<action>[a-z]\w*)(?P<manner>\.[\w:]+)?"
)
_NO_SERVICE = re.compile(r"arn:aws[a-z-]*:(lambda:[^:]*:\d*:function|states:[^:]*:\d*:activity):.+")

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "timestamp": (str, int, float),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}


def missing() -> str | None:
    """Why the service models cannot be had here, or None."""
    try:
        importlib.import_module("botocore")
    except ImportError:
        return "botocore is not installed, which has the service models"
    return None


def problems(definition: Node) -> list[str]:
    """What AWS's services would refuse in the parameters of a definition's Tasks and item readers, at any depth."""
    return list(_scope("$", definition))


def job_definition_problems(requests: list[Node]) -> list[str]:
    """What Batch or ECS would refuse in these `register_job_definition` or `register_task_definition` requests."""
    found = []
    for index, request in enumerate(requests):
        service, operation = ("ecs", "RegisterTaskDefinition") if "family" in request else ("batch", "RegisterJobDefinition")
        found += [f"$[{index}]{problem.removeprefix('$[0]')}" for problem in request_problems(service, operation, [request])]
    return found


def request_problems(service: str, operation: str, requests: list[Node]) -> list[str]:
    """What a service would refuse in these requests of one operation, as botocore takes them."""
    validator: Any = importlib.import_module("botocore.validate").ParamValidator()
    shape = _model(service).operation_model(operation).input_shape
    found = []
    for index, request in enumerate(requests):
        report = validator.validate(request, shape).generate_report()
        found += [f"$[{index}]: {line}" for line in report.splitlines()]
        found += list(_strange_words(f"$[{index}]", request, shape))
    return found


def _scope(path: str, scope: Node) -> Iterator[str]:
    for name, state in scope.get("States", {}).items():
        at = f"{path}.States.{name}"
        if state.get("Type") == "Task":
            yield from _task(at, state)
        for index, branch in enumerate(state.get("Branches", [])):
            yield from _scope(f"{at}.Branches[{index}]", branch)
        for key in ("ItemProcessor", "Iterator"):
            if key in state:
                yield from _scope(f"{at}.{key}", state[key])
        if "ItemReader" in state:
            yield from _reader(f"{at}.ItemReader", state["ItemReader"])
        if "ResultWriter" in state:
            yield from _writer(f"{at}.ResultWriter", state["ResultWriter"])


def _task(path: str, state: Node) -> Iterator[str]:
    resource = state.get("Resource", "")
    if _NO_SERVICE.fullmatch(resource):
        return  # its parameters are the function's own
    match = _INTEGRATION.fullmatch(resource)
    if match is None:
        yield f"{path}.Resource: {resource!r} is no integration"
        return
    service, action, manner = match["service"], match["action"], match["manner"] or ""
    manners = _SDK if match["sdk"] else _OPTIMISED.get((service, action))
    if manners is None:
        yield f"{path}.Resource: {service}:{action} is not an optimised integration (aws-sdk:{service}:{action}?)"
    elif manner not in manners:
        yield f"{path}.Resource: {service}:{action} cannot be called with {manner!r}"
    if "Arguments" in state:
        yield f"{path}.Arguments: JSONata is not looked into"
        return
    yield from _request(path, service, action, state.get("Parameters", {}))


def _reader(path: str, reader: Node) -> Iterator[str]:
    match = _INTEGRATION.fullmatch(reader.get("Resource", ""))
    if match is None or match["sdk"] or match["manner"] or (match["service"], match["action"]) not in _READERS:
        yield f"{path}.Resource: {reader.get('Resource')!r} reads no items"
        return
    yield from _request(path, match["service"], match["action"], reader.get("Parameters", {}))


def _writer(path: str, writer: Node) -> Iterator[str]:
    """A ResultWriter says putObject but takes a Bucket and a Prefix, which is a word of Step Functions' own."""
    resource, parameters = writer.get("Resource"), writer.get("Parameters", {})
    if resource is not None and not re.fullmatch(r"arn:aws[a-z-]*:states:::s3:putObject", resource):
        yield f"{path}.Resource: {resource!r} writes no results"
    for key in parameters:
        if key.removesuffix(".$") not in {"Bucket", "Prefix"}:
            yield f"{path}.Parameters.{key}: is no member of ResultWriter"


def _request(path: str, service: str, action: str, parameters: object) -> Iterator[str]:
    model = _model(_SERVICES.get(service, service))
    if model is None or _capital(action) not in model.operation_names:
        yield f"{path}.Resource: AWS has no {service}:{action}"
        return
    shape = model.operation_model(_capital(action)).input_shape
    if shape is not None:
        yield from _value(f"{path}.Parameters", parameters, shape)


def _value(path: str, value: object, shape: Any) -> Iterator[str]:
    """The faults of a static value; its fields may be paths again."""
    if shape.type_name == "structure":
        if not isinstance(value, Mapping):
            yield f"{path}: is {_word(value)}, not the structure {shape.name}"
            return
        yield from _structure(path, value, shape)
    elif shape.type_name == "map":
        if not isinstance(value, Mapping):
            yield f"{path}: is {_word(value)}, not a map"
            return
        for key, part in value.items():
            if key.endswith(".$"):
                yield from _path(f"{path}.{key}", part)
            else:
                yield from _value(f"{path}.{key}", part, shape.value)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            yield f"{path}: is {_word(value)}, not a list"
            return
        for index, part in enumerate(value):
            yield from _value(f"{path}[{index}]", part, shape.member)
    else:
        yield from _scalar(path, value, shape)


def _structure(path: str, value: Node, shape: Any) -> Iterator[str]:
    members = {_capital(name): member for name, member in shape.members.items()}
    given = set[str]()
    for key, part in value.items():
        name = key.removesuffix(".$")
        if name not in members:
            hint = f" ({_capital(name)}?)" if _capital(name) in members else ""
            yield f"{path}.{key}: is no member of {shape.name}{hint}"
            continue
        if name in given:
            yield f"{path}.{name}: is given twice, once as a path"
        given.add(name)
        yield from _path(f"{path}.{key}", part) if key.endswith(".$") else _value(f"{path}.{key}", part, members[name])
    for name in shape.required_members:
        if _capital(name) not in given:
            yield f"{path}: lacks {_capital(name)}, which {shape.name} needs"


def _scalar(path: str, value: object, shape: Any) -> Iterator[str]:
    kinds = _KINDS[shape.type_name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield f"{path}: is {_word(value)}, not a {shape.type_name}"
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: is {value!r}, none of {', '.join(shape.enum)}"


def _path(path: str, value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value.startswith(("$", "States.")):
        yield f"{path}: is {value!r}, neither a path nor an intrinsic function"


def _strange_words(path: str, value: object, shape: Any) -> Iterator[str]:
    """Words that are in none of the model's lists, which ParamValidator does not look at."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for key, part in value.items():
            if key in shape.members:
                yield from _strange_words(f"{path}.{key}", part, shape.members[key])
    elif shape.type_name == "list" and isinstance(value, list):
        for index, part in enumerate(value):
            yield from _strange_words(f"{path}[{index}]", part, shape.member)
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _scalar(path, value, shape)


@functools.cache
def _model(service: str) -> Any:
    """A service's model, or None where AWS has no such service."""
    loaders: Any = importlib.import_module("botocore.loaders")
    models: Any = importlib.import_module("botocore.model")
    loader = loaders.Loader()
    if service not in loader.list_available_services("service-2"):
        return None
    return models.ServiceModel(loader.load_service_model(service, "service-2"), service)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _word(value: object) -> str:
    return f"{value!r} ({type(value).__name__})"
