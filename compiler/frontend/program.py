"""All files of a flow that matter to it, and what names mean across them.

A module `a.b` is first-party if `a/b/__init__.py` or `a/b.py` can be read in the folder of the flow's file, which is the first
that Python looks in. A module is read when a base class, a decorator or a constant is looked up in it, once. What is written
`from .base import Base` in one file and `Base = other.Base` in the next is followed through both, as Python would.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from ..diagnostics.model import Report
from ..files import Files
from ..source import Source
from .absent import Absence
from .config_values import NO_CONFIGS
from .constants import NotConstant
from .contents import Contents, find_contents
from .context import Context
from .face import API_MODULES, is_flowcs
from .imports import check_imports
from .module import Binding, Import, Module, read_module
from .parse import decode, parse, report_too_deep
from .syntax import last_name


@dataclass(frozen=True, slots=True)
class Api:
    """A name of flowc's."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleName:
    """A module, which may not be readable: `flowc` itself, or any other."""

    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a name is bound to in a file that was read.

    Attributes:
        context: The file.
        name: Its name there.
        value: A class or an expression; None for anything else, such as a function.
    """

    context: Context
    name: str
    value: ast.ClassDef | ast.expr | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that the file which was read does not bind, or None: whatever was read does not parse, which is reported."""

    context: Context | None
    name: str


@dataclass(frozen=True, slots=True)
class External:
    """A name in a module that is not first-party."""

    module: str
    name: str


Meaning: TypeAlias = Api | ModuleName | Found | Missing | External | None
"""None: not a name, or an attribute of something else than a module."""


class Program:
    """The flow's file, and the modules read so far.

    Attributes:
        main: The flow's own file.
        files: What may be read beside it.
        folder: Its folder, with a separator at its end; "" for the current one.
        sources: All that was read, by path; the caller's.
        configs: The flow's configs. What they are given at first, and once they are read their values.
        absent: Imports of names that flowc does not have, which are no fault if nothing uses them.
    """

    def __init__(self, source: Source, tree: ast.Module, files: Files, report: Report, sources: dict[str, Source]) -> None:
        self.files = files
        self.report = report
        self.folder = source.path[: max(source.path.rfind("/"), source.path.rfind(os.sep)) + 1]
        self.sources = sources
        self.configs = NO_CONFIGS
        self.absent: list[Absence] = []
        # A run imports the flow's file under its own name.
        name = PurePath(source.path).stem
        self.main = Context(source, read_module(tree), files, report, self, name)
        self._contexts: dict[str, Context | None] = {name: self.main}
        self._broken: set[str] = set()
        self._contents: dict[ast.stmt, Contents] = {}
        self._names: dict[tuple[str, str], Meaning] = {}
        check_imports(self.main)

    def module(self, name: str) -> Context | None:
        """A first-party module by its absolute name; None where there is none, or none that parses, which is reported."""
        if name not in self._contexts:
            self._contexts[name] = None if is_flowcs(name) else self._read(name)
        return self._contexts[name]

    def contexts(self) -> tuple[Context, ...]:
        """All files that were read."""
        return tuple(one for one in self._contexts.values() if one is not None)

    def contents(self, node: ast.stmt) -> Contents:
        """What stands in a method, or in another statement of a class body; walked once."""
        found = self._contents.get(node)
        if found is None:
            found = self._contents[node] = find_contents(node)
        return found

    def candidates(self, name: str) -> tuple[str, ...]:
        """The paths where a module is looked for, in order."""
        path = self.folder + name.replace(".", "/")
        return f"{path}/__init__.py", f"{path}.py"

    def is_broken(self, name: str) -> bool:
        """Whether a module was read that does not parse."""
        return name in self._broken

    def absolute(self, context: Context, module: str, level: int) -> str | None:
        """A module's absolute name, as an import in a file says it; None where the dots lead out of the package."""
        if not level or (level == 1 and context.is_program and module):
            return module  # a relative import in a program fails, which is reported; what it means is clear
        package = context.name.split(".") if context.is_package else context.name.split(".")[:-1]
        if context.is_program or level > len(package):
            return None
        return ".".join([*package[: len(package) - level + 1], *([module] if module else [])])

    def meaning(self, context: Context, node: ast.expr, before: int | None = None) -> Meaning:
        """What a name, or a dotted name, is in the end: assignments of one name to another are followed too.

        Args:
            before: A line of the file. What is bound there or later does not count.
        """
        seen: set[ast.expr] = set()
        while node not in seen:
            seen.add(node)
            found = self.bound(context, node, before)
            if not (isinstance(found, Found) and isinstance(found.value, ast.Name | ast.Attribute)):
                return found
            context, node, before = found.context, found.value, found.value.lineno
        return None

    def bound(self, context: Context, node: ast.expr, before: int | None = None) -> Meaning:
        """What a name, or a dotted name, is bound to where it comes from: only imports are followed."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        found = self._name(context, node.id, before)
        for part in reversed(parts):
            if isinstance(found, External):  # perhaps a folder: one cannot ask for that, but for what is in it
                found = ModuleName(f"{found.module}.{found.name}")
            if not isinstance(found, ModuleName):
                return found if isinstance(found, Missing) else None
            found = self._member(found.name, part)
        return found

    def api_name(self, context: Context, node: ast.expr) -> str | None:
        """The name in flowc's API of what an expression names, or None."""
        found = self.meaning(context, node)
        return found.name if isinstance(found, Api) else None

    def constant(self, context: Context, node: ast.Name | ast.Attribute) -> tuple[ast.expr, Context] | None:
        """The expression that a name is bound to once and for all; None for an attribute of anything else than a module.

        Raises:
            NotConstant: There is no such expression that can be read.
        """
        found = self.bound(context, node)
        match found:
            case Found(context=owner, name=name, value=ast.expr() as value):
                if sum(not isinstance(one.value, Import) for one in owner.module.bindings[name]) == 1:
                    return value, owner.inside({}) if owner.hiding else owner
                raise NotConstant(node, f"`{name}` is assigned more than once")
            case Found(context=owner, name=name):
                again = len(owner.module.bindings[name]) > 1
                raise NotConstant(node, f"`{name}` is " + ("bound more than once" if again else "no constant"))
            case Missing(context=None):
                raise NotConstant(node, "it comes from a file that does not parse")
            case Missing(context=owner, name=name) if owner is not None and owner.source is not context.source:
                raise NotConstant(node, f"`{owner.source.path}` has no `{name}`")
            case External(module=module):
                raise NotConstant(node, f"it comes from `{module}`, which is not a file beside the flow")
            case None if isinstance(node, ast.Attribute):
                return None
            case Missing() if isinstance(node, ast.Attribute):
                return None  # of a name that the file does not bind, which is said of the name
            case ModuleName(name=name):
                raise NotConstant(node, f"`{name}` is a module")
            case _:
                raise NotConstant(node, f"`{last_name(node)}` is not a constant of this module")

    def _member(self, module: str, name: str) -> Meaning:
        """What a module has under a name: what it binds, or else a module within it."""
        if module in API_MODULES:
            return Api(name)
        context = self.module(module)
        if context is not None and _binds(context.module, name):
            found = self._name(context, name, None)
            if not isinstance(found, Missing | External):
                return found
        else:
            found = _missing(module, context, name)
        return ModuleName(f"{module}.{name}") if self._is_module(f"{module}.{name}") else found

    def _is_module(self, name: str) -> bool:
        return self.module(name) is not None or self.is_broken(name)

    def _name(self, context: Context, name: str, before: int | None) -> Meaning:
        """What a name of a file is bound to, where it comes from."""
        if before is not None:
            return self._follow(context, name, before)
        key = (context.name, name)
        if key not in self._names:
            self._names[key] = self._follow(context.inside({}) if context.hiding else context, name, None)
        return self._names[key]

    def _follow(self, context: Context, name: str, before: int | None) -> Meaning:
        """Follow the imports of a name. Where a file binds it in one of several places, the first that can be read is it."""
        pending: list[tuple[Context, str, Binding | int | None]] = [(context, name, before)]
        seen: set[tuple[str, str]] = set()
        modules: list[str] = []
        last: Meaning = Missing(context, name)
        while pending:
            context, name, where = pending.pop()
            if isinstance(where, Binding):
                value = where.value
                if not isinstance(value, Import):
                    return Found(context, name, value)
                following = self._imported(context, value)
                if isinstance(following, Context):
                    modules.append(f"{following.name}.{value.name}")
                    pending.append((following, str(value.name), None))
                elif isinstance(following, ModuleName | Api):
                    return following
                else:
                    last = following
                continue
            if (context.name, name) in seen and where is None:
                last = _missing(context.name, context, name)  # files that import it from each other
                continue
            seen.add((context.name, name))
            if name in context.module.api:
                return Api(context.module.api[name])
            if name in context.module.api_modules:
                return ModuleName("flowc")
            places = _places(context.module, name, where)
            pending.extend((context, name, place) for place in reversed(places))
            if not places:
                last = Missing(context, name)
                for star in context.module.stars:
                    module = self.absolute(context, star.module, star.level)
                    other = self.module(module) if module is not None else None
                    if other is not None and _exports(other.module, name):
                        pending.append((other, name, None))
                    elif other is None:
                        last = Missing(None, name) if module and self.is_broken(module) else External(module or ".", name)
        return next((ModuleName(module) for module in modules if self._is_module(module)), last)

    def _imported(self, context: Context, value: Import) -> Context | Meaning:
        """Where an import leads: to the same name of another file, or to what is known at once."""
        module = self.absolute(context, value.module, value.level)
        if module is None and context.is_program and value.level == 1 and value.name is not None:
            return ModuleName(value.name)  # as above
        if module is None:
            return External("." * value.level + value.module, value.name or "")
        if value.name is None:
            return ModuleName(module)
        other = self.module(module)
        if other is not None and _binds(other.module, value.name):
            return other
        if self._is_module(f"{module}.{value.name}"):
            return ModuleName(f"{module}.{value.name}")
        if self.is_broken(module):
            return Missing(None, value.name)
        return _missing(module, other, value.name)

    def _read(self, name: str) -> Context | None:
        if not all(part.isidentifier() for part in name.split(".")):
            return None
        for path in self.candidates(name):
            data = self.files.read(path)
            if data is None:
                continue
            source, tree = decode(path, data, self.report), None
            self.sources[path] = source or Source(path, data.decode("latin-1"))
            try:
                if source is not None and (tree := parse(source, self.report)) is not None:
                    module = read_module(tree)
                    context = Context(source, module, self.files, self.report, self, name, path.endswith("/__init__.py"))
                    check_imports(context)
                    return context
            except RecursionError:
                report_too_deep(self.sources[path], self.report)
            self._broken.add(name)
            return None
        return None


def _missing(module: str, context: Context | None, name: str) -> Missing | External:
    """What a module does not have. One that is named like one of the standard library may well not be the one that is meant:
    Python takes what it has loaded before."""
    if context is None or module.partition(".")[0] in sys.stdlib_module_names:
        return External(module, name)
    return Missing(context, name)


def _places(module: Module, name: str, before: int | None) -> list[Binding]:
    """Where a name may get its value: the last place that runs in any case, and those after it that may run instead."""
    every = module.bindings.get(name, [])
    places = [one for one in every if before is None or one.line < before] or every
    certain = [position for position, one in enumerate(places) if not one.otherwise]
    return places[certain[-1] if certain else 0 :]


def _binds(module: Module, name: str) -> bool:
    return name in module.bindings or name in module.api or bool(module.stars)


def _exports(module: Module, name: str) -> bool:
    """Whether `from … import *` brings a name."""
    listed = module.bindings.get("__all__")
    if listed is not None and len(listed) == 1 and isinstance(listed[0].value, ast.List | ast.Tuple):
        return any(isinstance(one, ast.Constant) and one.value == name for one in listed[0].value.elts)
    return not name.startswith("_") and _binds(module, name)


def exported(module: Module) -> Iterator[str]:
    """The names in a literal `__all__`."""
    for place in module.bindings.get("__all__", []):
        if isinstance(place.value, ast.List | ast.Tuple):
            yield from (one.value for one in place.value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str))
