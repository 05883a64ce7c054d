"""What the API server does with a request: the part of the Kubernetes API that programs need which deploy and watch workflows."""

from __future__ import annotations

import base64
import copy
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engines.argo import patches
from engines.argo.admission import admit
from engines.argo.objects import Key, Object, Objects, now
from engines.argo.ownership import owned_after_apply, owned_after_update, write_owners
from engines.argo.permissions import may
from engines.argo.refusals import (
    UNAUTHORIZED,
    Refused,
    bad_request,
    exists,
    forbidden,
    invalid,
    modified,
    no_such_page,
    not_found,
    refused,
)
from engines.argo.resources import RESOURCES, Resource, described
from engines.argo.schema import KINDS, Schema
from engines.argo.selectors import selected
from engines.argo.validity import faults_of_metadata
from engines.argo.watching import Watches

TOKEN = "engine-token"
"""What a caller must bear, who then may do everything."""
GUEST = "guest-token"
"""Or this, who may do what roles allow the user `guest`."""
_META = "meta.k8s.io/v1"
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_LARGEST = 1_572_864
"""Bytes of an object that etcd takes."""


@dataclass(frozen=True)
class Request:
    """What is asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What is answered: an object, text, or what comes one after the other."""

    code: int
    body: Object | str | Iterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Place:
    """What a path is about."""

    resource: Resource
    namespace: str
    name: str
    below: str

    @property
    def details(self) -> dict[str, Any]:
        """As messages have it."""
        return self.resource.details(self.name)


class Api:
    """The API server.

    Args:
        objects: What there is.
        log: Gives what a pod has printed, as it prints it where it should be followed.
    """

    def __init__(self, objects: Objects, log: Callable[[Object, bool], Iterator[bytes]]) -> None:
        self.objects = objects
        self.watches = Watches(objects)
        self._log = log

    def answer(self, request: Request) -> Answer:
        """Do what is asked.

        Raises:
            Refused: It is not done.
        """
        bearer = request.headers.get("Authorization", "")
        if bearer not in ("", f"Bearer {TOKEN}", f"Bearer {GUEST}"):
            raise UNAUTHORIZED
        found = described(request.path)
        if found is not None:
            return Answer(200, found)
        place = self._place(request.path)
        verb = _verb(request, place)
        if not bearer:
            raise forbidden(verb, place.resource.name, place.resource.group, place.namespace, "system:anonymous")
        if place.resource.kind == "SelfSubjectAccessReview":
            return self._review_self(request, place, bearer)
        if bearer == f"Bearer {GUEST}" and not self._may(verb, place):
            raise forbidden(verb, place.resource.name, place.resource.group, place.namespace, "guest")
        if place.resource.kind == "LocalSubjectAccessReview":
            return self._review(request, place)
        if place.below:
            return self._below(request, place)
        handler: Callable[[Request, _Place], Answer] = getattr(self, f"_{verb}")
        return handler(request, place)

    def _place(self, path: str) -> _Place:
        parts = path.strip("/").split("/")
        match parts:
            case ["api", "v1", *rest]:
                group, version = "", "v1"
            case ["apis", group, version, *rest]:
                pass
            case _:
                raise no_such_page()
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            _, namespace, *rest = rest
        kind, name, below, *more = [*rest, "", "", ""]
        resource = RESOURCES.get(kind)
        if resource is None or (resource.group, resource.version) != (group, version) or any(more):
            raise no_such_page()
        return _Place(resource, namespace, name, below)

    # What there is.

    def _get(self, request: Request, place: _Place) -> Answer:
        found = self._found(place)
        if "as=PartialObjectMetadata;" in request.headers.get("Accept", ""):
            found = {"apiVersion": _META, "kind": "PartialObjectMetadata", "metadata": found["metadata"]}
        return Answer(200, found)

    def _found(self, place: _Place) -> Object:
        found = self.objects.get(self._key(place))
        if found is None:
            raise not_found(place.details)
        return found

    def _key(self, place: _Place) -> Key:
        return (place.resource.name, place.namespace, place.name)

    def _list(self, request: Request, place: _Place) -> Answer:
        wanted = selected(request.query)
        with self.objects.changed:
            found = [one for one in self.objects.all(place.resource.name, place.namespace or None) if wanted(one)]
            version = self.objects.version
        metadata: Object = {
            **({"continue": ""} if place.resource.group == "argoproj.io" else {}),
            "resourceVersion": str(version),
        }
        if token := request.query.get("continue"):
            start = _read_token(token)
            found = [one for one in found if _order(one) >= start]
        limit = int(request.query.get("limit") or 0)
        if limit and len(found) > limit:
            metadata["continue"] = _token(version, _order(found[limit]))
            if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
                metadata["remainingItemCount"] = len(found) - limit
            found = found[:limit]
        kind = f"{place.resource.kind}List"
        if "as=PartialObjectMetadataList" in request.headers.get("Accept", ""):
            items = [{"apiVersion": _META, "kind": "PartialObjectMetadata", "metadata": one["metadata"]} for one in found]
            return Answer(200, {"apiVersion": _META, "items": items, "kind": "PartialObjectMetadataList", "metadata": metadata})
        return Answer(200, {"apiVersion": place.resource.api_version, "items": found, "kind": kind, "metadata": metadata})

    def _watch(self, request: Request, place: _Place) -> Answer:
        wanted = selected(request.query)
        return Answer(200, self.watches.lines(place.resource.name, place.namespace or None, wanted, request.query))

    def _below(self, request: Request, place: _Place) -> Answer:
        if (request.method, place.resource.name, place.below) != ("GET", "pods", "log"):
            raise no_such_page()
        pod = self._found(place)
        container = request.query.get("container", "main")
        if container != "main":
            raise bad_request(f"container {container} is not valid for pod {place.name}")
        if pod.get("status", {}).get("phase") == "Pending":
            raise bad_request(f'container "{container}" in pod "{place.name}" is waiting to start: ContainerCreating')
        lines = self._log(pod, request.query.get("follow") in ("1", "true", "True"))
        if tail := request.query.get("tailLines"):
            kept = b"".join(lines).splitlines(keepends=True)
            lines = iter(kept[len(kept) - int(tail) :] if int(tail) < len(kept) else kept)
        return Answer(200, lines, {"Content-Type": "text/plain"})

    def _review(self, request: Request, place: _Place) -> Answer:
        review = _read(request.body, place)
        account = str(review["spec"]["user"]).rpartition(":")[2]
        asked = review["spec"]["resourceAttributes"]
        allowed = may(self.objects, place.namespace, account, asked["verb"], asked["group"], asked["resource"])
        return Answer(201, {**review, "status": {"allowed": allowed}})

    def _review_self(self, request: Request, place: _Place, bearer: str) -> Answer:
        review = _read(request.body, place)
        asked = review["spec"]["resourceAttributes"]
        about = _Place(RESOURCES[asked["resource"]], asked["namespace"], "", "")
        allowed = bearer != f"Bearer {GUEST}" or self._may(asked["verb"], about)
        return Answer(201, {**review, "status": {"allowed": allowed}})

    def _may(self, verb: str, place: _Place) -> bool:
        """Whether a guest may."""
        resource = place.resource
        return may(self.objects, place.namespace, "guest", verb, resource.group, resource.name, kind="User")

    # What is written.

    def _create(self, request: Request, place: _Place) -> Answer:
        thing = _read(request.body, place)
        headers = self._fit(request, place, thing)
        metadata = thing.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
        place = _Place(place.resource, place.namespace, metadata.get("name", ""), "")
        return Answer(201, self._made(request, place, thing, _manager(request)), headers)

    def _made(self, request: Request, place: _Place, thing: Object, manager: str, operation: str = "Update") -> Object:
        schema = _schema(place)
        thing = {"apiVersion": place.resource.api_version, "kind": place.resource.kind, **thing}
        _fill_in(place, thing)
        self._check(place, thing)
        with self.objects.changed:
            self._check_namespace(place)
            if self.objects.get(self._key(place)) is not None:
                raise exists(place.details)
            if place.resource.name == "pods":
                admit(self.objects, place.namespace, thing)
            if operation == "Apply":
                start: Object = {"apiVersion": thing["apiVersion"], "kind": thing["kind"], "metadata": {}}
                _, known = owned_after_apply(schema, start, thing, manager, force=False)
            else:
                known = owned_after_update(schema, None, thing, manager)
            write_owners(thing, known, now())
            if _is_dry(request):
                return Objects().create(self._key(place), thing) | {"metadata": {**thing["metadata"]}}
            return self.objects.create(self._key(place), thing)

    def _check_namespace(self, place: _Place) -> None:
        if place.namespace and self.objects.get(("namespaces", "", place.namespace)) is None:
            raise not_found({"name": place.namespace, "kind": "namespaces"})

    def _update(self, request: Request, place: _Place) -> Answer:
        thing = _read(request.body, place)
        if not place.name:
            raise bad_request("name must be provided")
        headers = self._fit(request, place, thing)
        version = thing.get("metadata", {}).get("resourceVersion")
        if not version and place.resource.group:
            raise invalid(place.details, [("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")])
        with self.objects.changed:
            live = self._found(place)
            return Answer(200, self._rewritten(request, place, live, thing, version), headers)

    def _rewritten(self, request: Request, place: _Place, live: Object, thing: Object, version: str | None) -> Object:
        if version and version != live["metadata"]["resourceVersion"]:
            raise modified(place.details)
        fixed = ("uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "name", "namespace")
        thing["metadata"] = {
            **{key: value for key, value in thing.get("metadata", {}).items() if key not in fixed},
            **{key: live["metadata"][key] for key in fixed if key in live["metadata"]},
        }
        _fill_in(place, thing)
        self._check(place, thing)
        _check_fixed(place, live, thing)
        write_owners(thing, owned_after_update(_schema(place), live, thing, _manager(request)), now())
        return _would_be(live, thing) if _is_dry(request) else self.objects.write(self._key(place), thing)

    def _patch(self, request: Request, place: _Place) -> Answer:
        how = request.headers.get("Content-Type", "").partition(";")[0]
        if how == "application/strategic-merge-patch+json" and place.resource.group != "argoproj.io":
            how = "application/merge-patch+json"  # the same where no list is patched
        if how not in _PATCHES:
            known = ", ".join(_PATCHES)
            why = f"the body of the request was in an unknown format - accepted media types include: {known}"
            raise refused(415, "UnsupportedMediaType", why)
        if how == "application/apply-patch+yaml":
            return self._apply(request, place)
        patch = _parsed(request.body, place)
        with self.objects.changed:
            live = self._found(place)
            if how == "application/json-patch+json":
                thing = patches.edit(live, patch)
                version = thing["metadata"].get("resourceVersion")
            else:
                thing = patches.merge(live, patch)
                version = patch.get("metadata", {}).get("resourceVersion") if isinstance(patch.get("metadata"), dict) else None
            try:
                headers = self._fit(request, place, thing)
            except Refused as error:
                if error.code != 400 or isinstance(error.body, str):
                    raise
                told = str(error.body["message"])
                cause = f"Invalid value: {json.dumps(json.dumps(thing))}: {told[told.find('strict decoding error') :]}"
                raise invalid({"kind": ""}, [("patch", cause)]) from None
            return Answer(200, self._rewritten(request, place, live, thing, version), headers)

    def _apply(self, request: Request, place: _Place) -> Answer:
        manager = request.query.get("fieldManager")
        if not manager:
            raise _invalid_options("fieldManager", "Required value: is required for apply patch")
        wanted = _parsed(request.body, place)
        metadata = wanted.get("metadata") or {}
        if (wanted.get("apiVersion"), wanted.get("kind")) != (place.resource.api_version, place.resource.kind):
            raise bad_request(
                f"the kind of the object ({wanted.get('kind')}) does not match that on the URL ({place.resource.kind})"
            )
        if metadata.get("namespace", place.namespace) != place.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if metadata.get("name", place.name) != place.name:
            raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({place.name})")
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        schema = _schema(place)
        if problems := [one.applied() for one in schema.problems(wanted)]:
            whole = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {one}" for one in problems)
            space = metadata.get("namespace", "") if place.resource.group != "argoproj.io" else place.namespace
            what = f"{space}/{place.name}; {_version(place)}, Kind={place.resource.kind}"
            raise refused(500, "", f"failed to create typed patch object ({what}): {whole}")
        wanted["metadata"] = {**metadata, "name": place.name}
        force = request.query.get("force") in ("true", "1")
        with self.objects.changed:
            live = self.objects.get(self._key(place))
            if live is None:
                return Answer(201, self._made(request, place, copy.deepcopy(wanted), manager, "Apply"))
            version = wanted["metadata"].pop("resourceVersion", None)
            if version and version != live["metadata"]["resourceVersion"]:
                raise modified(place.details)
            thing, known = owned_after_apply(schema, live, wanted, manager, force=force)
            _fill_in(place, thing)
            self._check(place, thing)
            _check_fixed(place, live, thing)
            write_owners(thing, known, now())
            if _is_dry(request):
                return Answer(200, _would_be(live, thing))
            return Answer(200, self.objects.write(self._key(place), thing))

    def _delete(self, request: Request, place: _Place) -> Answer:
        options = json.loads(request.body) if request.body else {}
        with self.objects.changed:
            live = self._found(place)
            uid = live["metadata"]["uid"]
            wanted = (options.get("preconditions") or {}).get("uid", uid)
            if wanted != uid:
                why = (
                    f"the UID in the precondition ({wanted}) does not match the UID in record ({uid}). "
                    "The object might have been deleted and then recreated"
                )
                kind = {**place.details, "kind": place.resource.kind}
                full = f"{place.resource.kind}.{place.resource.group}" if place.resource.group else place.resource.kind
                raise refused(409, "Conflict", f'Operation cannot be fulfilled on {full} "{place.name}": {why}', kind)
            if "gracePeriodSeconds" in request.query:
                options["gracePeriodSeconds"] = int(request.query["gracePeriodSeconds"])
            gone = live if _is_dry(request) else self._remove(self._key(place), live, options)
        how = options.get("propagationPolicy") or request.query.get("propagationPolicy")
        if how == "Foreground":  # what it owns is gone before it is, here at once
            gone["metadata"] |= {"deletionTimestamp": now(), "finalizers": ["foregroundDeletion"]}
        if not place.resource.group or how == "Foreground":
            return Answer(200, gone)
        details = {**place.details, "uid": uid}
        return Answer(200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})

    def _remove(self, key: Key, live: Object, options: Mapping[str, Any]) -> Object:
        """A pod that runs is told so; who runs it removes it when it is over."""
        seconds = options.get("gracePeriodSeconds", 30)
        is_over = live.get("status", {}).get("phase") in ("Succeeded", "Failed")
        if key[0] != "pods" or not seconds or is_over or not live["spec"].get("nodeName"):
            return self.objects.delete(key)
        live["metadata"] |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": seconds}
        return self.objects.write(key, live)

    def _deletecollection(self, request: Request, place: _Place) -> Answer:
        wanted = selected(request.query)
        with self.objects.changed:
            found = [one for one in self.objects.all(place.resource.name, place.namespace) if wanted(one)]
            for one in found:
                self._remove((place.resource.name, place.namespace, one["metadata"]["name"]), one, {})
            metadata = {"continue": "", "resourceVersion": str(self.objects.version)}
        kind = f"{place.resource.kind}List"
        return Answer(200, {"apiVersion": place.resource.api_version, "items": found, "kind": kind, "metadata": metadata})

    # Whether it may be so.

    def _fit(self, request: Request, place: _Place, thing: Object) -> dict[str, str]:
        """Take out, or refuse, what the schema has not; more headers of the answer."""
        kind = place.resource.kind
        if thing.get("kind", kind) != kind:
            name = thing.get("metadata", {}).get("name", "")
            raise invalid(
                {**place.details, "name": name, "kind": thing["kind"]},
                [("kind", f'Invalid value: "{thing["kind"]}": must be {kind}')],
            )
        given = (thing.get("metadata") or {}).get("namespace", place.namespace)
        if given != place.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        schema = _schema(place)
        problems = list(schema.problems(thing))
        unknown = [f'unknown field "{one.where.lstrip(".")}"' for one in problems if one.wanted is None]
        how = request.query.get("fieldValidation", "Warn")
        if unknown and how == "Strict":
            version = place.resource.version
            why = f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {", ".join(unknown)}'
            raise bad_request(why)
        pruned = schema.prune(thing)
        thing.clear()
        thing.update(pruned)
        if wrong := [one for one in problems if one.wanted not in (None, "keys")]:
            name = thing.get("metadata", {}).get("name", "")
            raise invalid(
                {**place.details, "name": name, "kind": kind}, [(one.where.lstrip("."), one.written()) for one in wrong]
            )
        return {"Warning": ", ".join(f'299 - "{_escaped(one)}"' for one in unknown)} if unknown and how == "Warn" else {}

    def _check(self, place: _Place, thing: Object) -> None:
        faults = [*faults_of_metadata(thing), *_schema(place).missing(thing)]
        if faults:
            raise invalid({**place.details, "kind": place.resource.kind}, faults)
        if len(json.dumps(thing).encode()) > _LARGEST:
            raise refused(500, "", "etcdserver: request is too large")


def _check_fixed(place: _Place, live: Object, thing: Object) -> None:
    if place.resource.name == "rolebindings" and live["roleRef"] != thing["roleRef"]:
        told = ",".join(f'"{key[0].upper() + key[1:]}":"{value}"' for key, value in sorted(thing["roleRef"].items()))
        told = told.replace('"ApiGroup"', '"APIGroup"')
        cause = f"Invalid value: {{{told}}}: cannot change roleRef"
        raise invalid({**place.details, "kind": place.resource.kind}, [("roleRef", cause)])


def _fill_in(place: _Place, thing: Object) -> None:
    metadata = thing.setdefault("metadata", {})
    for key in ("labels", "annotations"):
        if not metadata.get(key):
            metadata.pop(key, None)
    if place.namespace:
        metadata["namespace"] = place.namespace
    if place.resource.name == "secrets":
        text = thing.pop("stringData", None) or {}
        if text:
            coded = {key: base64.b64encode(value.encode()).decode() for key, value in text.items()}
            thing["data"] = {**thing.get("data", {}), **coded}
        thing.setdefault("type", "Opaque")


def _would_be(live: Object, thing: Object) -> Object:
    if {**live, "metadata": None} != {**thing, "metadata": None} and "generation" in live["metadata"]:
        thing["metadata"]["generation"] = live["metadata"]["generation"] + 1
    return thing


def _verb(request: Request, place: _Place) -> str:
    is_watch = request.query.get("watch") in ("1", "true", "True")
    many = {"GET": "watch" if is_watch else "list", "POST": "create", "PUT": "update", "DELETE": "deletecollection"}
    one = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    verb = (one if place.name else many).get(request.method)
    if verb is None:
        raise refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
    return verb


def _schema(place: _Place) -> Schema:
    return KINDS.get(place.resource.kind) or Schema(0)


def _manager(request: Request) -> str:
    return request.query.get("fieldManager") or request.headers.get("User-Agent", "unknown").partition("/")[0]


def _is_dry(request: Request) -> bool:
    given = request.query.get("dryRun")
    if given not in (None, "", "All"):
        raise _invalid_options("dryRun", f'Unsupported value: "{given}": supported values: "All"')
    return given == "All"


def _invalid_options(where: str, why: str) -> Refused:
    return invalid({"group": "meta.k8s.io", "kind": "PatchOptions"}, [(where, why)])


def _read(body: bytes, place: _Place) -> Object:
    thing = _parsed(body, place)
    if not isinstance(thing, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {place.resource.kind})")
    return thing


def _parsed(body: bytes, place: _Place) -> Any:
    try:
        text = body.decode()
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        kind = place.resource.kind
        why = (
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {error}"
        )
        raise bad_request(why) from None


def _version(place: _Place) -> str:
    return place.resource.api_version if place.resource.group else f"/{place.resource.version}"


def _order(one: Object) -> str:
    return f"{one['metadata'].get('namespace', '')}/{one['metadata']['name']}"


def _token(version: int, start: str) -> str:
    told = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read_token(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["start"])
    except (ValueError, KeyError):
        raise bad_request("invalid continue token: continue key is not valid") from None


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)
