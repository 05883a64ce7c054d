"""Walks expressions in the order in which they are evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ..diagnostics.rules import artifacts as rules
from ..frontend.body import RESERVED
from ..frontend.context import did_you_mean
from ..frontend.members import Member
from ..ir.artifacts import Merge
from .access import BACK_DOORS, ITEM, Access
from .state import ENTRY, GONE

_HARMLESS: Final = frozenset(["print", "repr", "str", "type", "id", "isinstance", "hash", "bool", "callable", "format", "super"])
"""Functions that do nothing to an object which they are given."""

_MERGE: Final = ("inputs", "exclude", "include")
"""The arguments of `merge_artifacts`."""

_CONSUMERS: Final = frozenset(["sum", "min", "max", "list", "tuple", "set", "frozenset", "sorted", "dict"])
"""Functions that ask what they are given for all of its items."""

_Action: TypeAlias = Callable[[bool], None]


class ExpressionWalker(Access):
    """Walks the expressions of one function."""

    def visit(self, node: ast.expr, sure: bool = True) -> None:
        """Walk an expression. `sure` is False where it may not be evaluated."""
        # A stack of its own: chains of operators may be thousands deep.
        stack: list[tuple[ast.AST | _Action, bool]] = [(node, sure)]
        while stack:
            part, sure = stack.pop()
            if not isinstance(part, ast.AST):
                part(sure)
                continue
            match part:
                case ast.Constant():
                    pass
                case ast.Name(id=name):
                    self._bare(part, name)
                case ast.Attribute():
                    if not self._attribute(part, sure):
                        stack.append((part.value, sure))
                case ast.Subscript():
                    stack.append((part.slice, sure))
                    if self.tokens.of(part) is None or not isinstance(part.value, ast.Name):
                        stack.append((part.value, sure))
                case ast.Call():
                    stack.extend(reversed([*self._call(part, sure)]))
                case ast.BoolOp(values=[first, *others]):
                    stack.extend((one, False) for one in reversed(others))
                    stack.append((first, sure))
                case ast.IfExp():
                    stack += [(part.orelse, False), (part.body, False), (part.test, sure)]
                case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                    self._comprehension(part, sure)
                case ast.Lambda():
                    self.run_later(part)
                case ast.NamedExpr():
                    self.visit(part.value, sure)
                    self.tokens.bind(part.target, part.value)
                case _:
                    stack.extend((child, sure) for child in reversed(list(ast.iter_child_nodes(part))))

    def _bare(self, node: ast.expr, name: str) -> None:
        if name == self.me:
            self.escape()
        elif name in self.tokens:
            self.effects.takes_known = False

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, sure: bool, *, consumed: bool = False
    ) -> None:
        kept = self.tokens.copy()
        for generator in node.generators:
            every = self.tokens.of(generator.iter)
            if not (every and every.whole and isinstance(generator.iter, ast.Name)):
                self._iterated(generator.iter, sure)
            self.tokens.bind_items(generator.target, generator.iter)
            # Of each input something is read; of whatever else there may be no items.
            sure = sure and bool(every) and not generator.ifs
            for test in generator.ifs:
                self.visit(test, False)
        # A generator expression may never be asked for its items.
        sure = sure and (consumed or not isinstance(node, ast.GeneratorExp))
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part, sure)
        self.tokens = kept

    def _iterated(self, node: ast.expr, sure: bool) -> None:
        """What a loop runs over: a join's inputs may be handed through `enumerate` and the like without being read."""
        match node:
            case ast.Call(func=ast.Name(id="enumerate" | "reversed" | "zip" | "list" | "tuple" | "iter"), keywords=[]):
                for argument in node.args:
                    if not isinstance(argument, ast.Name) or self.tokens.of(argument) is None:
                        self._iterated(argument, sure)
            case _ if (part := self.tokens.of(node)) is not None and part.whole and isinstance(node, ast.Name | ast.Subscript):
                pass
            case _:
                self.visit(node, sure)

    def _attribute(self, node: ast.Attribute, sure: bool) -> bool:
        """An attribute that is loaded; whether all has been said of it."""
        if isinstance(node.value, ast.Name) and node.value.id == self.me:
            self.load(node, self.mangled(node.attr), sure)
            return True
        part = self.tokens.of(node.value)
        if part is None:
            return False
        if part.whole:
            branch = self.tokens.of(node)
            if branch is not None and isinstance(node.value, ast.Name):
                self.take("", branch, node, sure)
                self.effects.takes_known = False
            return isinstance(node.value, ast.Name)
        if node.attr.startswith("__"):
            self.effects.takes_known = False
        else:
            if isinstance(node.value, ast.Attribute):
                self.take("", part, node.value, sure)
            self.take(node.attr, part, node, sure)
        return not isinstance(node.value, ast.Call)

    def _call(self, node: ast.Call, sure: bool) -> Iterator[tuple[ast.AST | _Action, bool]]:
        """What to walk of a call, in order."""
        arguments: list[ast.AST | _Action] = [*node.args, *(keyword.value for keyword in node.keywords)]
        function = node.func
        match function:
            case ast.Attribute(value=ast.Name(id=me), attr=attribute) if me == self.me:
                name = self.mangled(attribute)
                member = self.analysis.model.find(name)
                if name == "merge_artifacts":
                    yield from ((one, sure) for one in arguments if self.tokens.of_whole(one) is None)
                    yield (lambda sure: self._merge(node, sure)), sure
                    return
                if member is not None and member.kind in ("method", "step"):
                    yield from ((one, sure) for one in arguments)
                    yield self._calling(member, node), sure
                    return
                if member is None and name not in RESERVED and not name.startswith("__"):
                    self.use(name, self.context.source.span(function), sure, "call")
                    yield from ((one, sure) for one in arguments)
                    return
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=over), attr=attribute):
                member = self.analysis.model.after(self.owner, self.mangled(attribute))
                others = [one for one in (*over, *arguments) if not self.is_me(one)]
                yield from ((one, sure) for one in others)
                if attribute in BACK_DOORS:
                    self.escape()
                if member is not None:
                    yield self._calling(member, node), sure
                return
            case ast.Attribute(value=ast.Name(id=base), attr=attribute) if node.args and self.is_me(node.args[0]):
                member = self._unbound(base, attribute)
                if member is not None:
                    yield from ((one, sure) for one in arguments[1:])
                    yield self._calling(member, node), sure
                    return
            case ast.Name(id="exec" | "eval"):
                self.escape()
            case ast.Name(id=name) if node.args and (self.is_me(node.args[0]) or self.tokens.of(node.args[0]) is not None):
                rest = self._builtin(node, name, sure)
                if rest is not None:
                    yield from ((one, sure) for one in rest)
                    return
            case _:
                pass
        yield function, sure
        if sure and self._consumes(function) and arguments and isinstance(generator := arguments[0], ast.GeneratorExp):
            yield (lambda sure: self._comprehension(generator, sure, consumed=True)), sure
            arguments = arguments[1:]
        yield from ((one, sure) for one in arguments)

    def _consumes(self, function: ast.expr) -> bool:
        """Whether a function asks a generator that it is given for all of its items."""
        match function:
            case ast.Name(id=name):
                return name in _CONSUMERS and name not in self.context.module.bindings
            case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
                return True
            case _:
                return False

    def _calling(self, member: Member, node: ast.Call) -> _Action:
        return lambda sure: self.call_method(member, node, sure)

    def _builtin(self, node: ast.Call, name: str, sure: bool) -> list[ast.AST] | None:
        """A function that is given `self`, or one of a join's inputs; what else to walk, or None for one that is not known."""
        if name in self.context.module.bindings:
            return None
        first, *others = node.args
        about_me = self.is_me(first)
        named = others[0].value if others and isinstance(others[0], ast.Constant) and isinstance(others[0].value, str) else None
        if name in _HARMLESS or (name == "len" and not about_me):
            return list(others)
        if not about_me:
            part = self.tokens.of(first)
            if part is None or named is None or name not in ("hasattr", "getattr") or part.whole:
                return None
            if name == "getattr" and len(others) == 1:
                self.take(named, part, node, sure)
            else:
                self.take(named, part, node, sure, claimed=False)
                self.tested |= {f"inputs.{named}"} if name == "hasattr" else set()
            return list(others)
        if named is None or name not in ("hasattr", "getattr", "setattr", "delattr"):
            return None
        span = self.context.source.span(node)
        known = self.analysis.model.find(named) is not None or named in RESERVED
        match name:
            case "hasattr" if not known:
                self.tested.add(named)
                self.use(named, span, False, claimed=False)
            case "getattr" if len(others) > 1 and not known:
                self.use(named, span, False, claimed=False)
            case "getattr":
                self.load(node, named, sure)
            case "setattr" if len(others) == 2:
                self.visit(others[1], sure)
                self.assign(named, node, self.values.infer(others[1]), sure)
                return []
            case "delattr":
                self.delete(named, node, sure)
            case _:
                pass
        return list(others[1:])

    def _merge(self, node: ast.Call, sure: bool) -> None:
        """`self.merge_artifacts(inputs, exclude=[…], include=[…])`."""
        given: dict[str, ast.expr] = dict(zip(_MERGE, node.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        exclude, include = (self.values.names(given.get(one)) for one in ("exclude", "include"))
        whole = self.tokens.of_whole(given.get("inputs"))
        sound = self.tries > 0 or self._check_merge(node, given)
        known = bool(sound and whole and isinstance(given.get("inputs"), ast.Name))
        known = known and exclude is not None and include is not None and not _hides(node)
        names = self.state.names()
        if not self.analysis.affords(len(names) + len(self.state.merges)):
            known, names = False, set()
        merge = Merge(
            include=include or None,
            exclude=exclude or (),
            known=known,
            sure=sure and self.state.sure,
            claimed=not self.tries,
            set_before=tuple(sorted(name for name in names if not self.state.sources(name) & {ENTRY, GONE})),
            span=self.context.source.span(node),
        )
        position = len(self.analysis.merges)
        self.analysis.merges.append(merge)
        self.state.merges |= {position}
        if sure:
            self.state.merged |= {position}

    def _check_merge(self, node: ast.Call, given: dict[str, ast.expr]) -> bool:
        """Whether a merge is told what to merge, and nothing that it does not understand."""
        if _hides(node):
            return True
        for keyword in node.keywords:
            if keyword.arg not in _MERGE:
                guess = did_you_mean(keyword.arg or "", _MERGE)
                self.context.fault(
                    rules.BAD_MERGE,
                    f"`merge_artifacts` has no argument `{keyword.arg}`",
                    keyword,
                    help=f"did you mean `{guess}`?" if guess else "it takes `inputs`, `exclude` and `include`",
                )
                return False
        if "inputs" not in given and self.joins:
            help = f"hand them on: `self.merge_artifacts({next(iter(self.tokens.names), 'inputs')})`"
            self.context.fault(rules.BAD_MERGE, "`merge_artifacts` is not given the inputs", node, help=help)
            return False
        return True

    def _unbound(self, base: str, attribute: str) -> Member | None:
        """The method that `Base.method(self)` names."""
        for number, record in enumerate(self.analysis.model.lineage):
            if record.name == base:
                if number == 0:
                    return self.analysis.model.find(attribute)
                return self.analysis.model.after(self.analysis.model.lineage[number - 1].node, attribute)
        return None

    def run_later(self, node: ast.AST) -> None:
        """A nested function, class or lambda: when it runs, and whether, is not known."""
        arguments = getattr(node, "args", None)
        if isinstance(arguments, ast.arguments):
            for default in (*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)):
                self.visit(default)
            if any(one.arg == self.me for one in ast.walk(arguments) if isinstance(one, ast.arg)):
                return
        spoken_for: set[int] = set()
        for part in ast.walk(node):
            match part:
                case ast.Attribute(value=ast.Name(id=me) as name) if me == self.me:
                    spoken_for.add(id(name))
                    self._later_attribute(part)
                case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=me) as name, *others]) if me == self.me:
                    if function in _HARMLESS:
                        spoken_for.add(id(name))
                    elif function in ("hasattr", "getattr") and others and isinstance(others[0], ast.Constant):
                        spoken_for.add(id(name))
                        self.use(str(others[0].value), self.context.source.span(part), False, claimed=False)
                case ast.Name(id=one) if one == self.me and id(part) not in spoken_for:
                    self.escape(later=True)
                case ast.Name(id=one) if one in self.tokens:
                    self.effects.takes_known = False
                case _:
                    pass

    def _later_attribute(self, node: ast.Attribute) -> None:
        name = self.mangled(node.attr)
        member = self.analysis.model.find(name)
        if name in BACK_DOORS:
            self.escape(later=True)
        elif name in RESERVED:
            self.effects.item = self.effects.item or name in ITEM
        elif member is not None:
            if member.kind in ("method", "property", "step"):
                self.method_later(member)
        elif not isinstance(node.ctx, ast.Load):
            self.effects.loose.add(name)
        elif not name.startswith("__"):
            self.later.append((name, node))


def _hides(node: ast.Call) -> bool:
    """Whether `*` or `**` hides some of a call's arguments."""
    return any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords)
