"""Which expressions stand for a join's inputs, or for one of the tasks in them.

inputs                     all of them
inputs.a, inputs[0]        one, by the name of its step or by its position
for one in inputs          each of them
first, second = inputs     each, by position
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What an expression stands for.

    Attributes:
        whole: `inputs`, or several of them.
        branch: The step's name or the position of one of them; None where it may be any.
        every: Each of them in turn.
    """

    whole: bool = False
    branch: str | int | None = None
    every: bool = False


ALL = Part(whole=True, every=True)
SOME = Part(whole=True)


class Tokens:
    """The local names that stand for inputs, at one point of the code."""

    def __init__(self, inputs: str | None) -> None:
        self.names: dict[str, Part] = {} if inputs is None else {inputs: ALL}

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def copy(self) -> Tokens:
        """The same names, to be changed apart."""
        other = Tokens(None)
        other.names = dict(self.names)
        return other

    def of(self, node: ast.AST) -> Part | None:
        """What an expression stands for; None where it has nothing to do with inputs."""
        if not self.names:
            return None
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Attribute(value=ast.Name() as value, attr=name) if (part := self.of(value)) and part.whole:
                return Part(branch=name)
            case ast.Subscript(value=ast.Name() as value, slice=index) if (part := self.of(value)) and part.whole:
                match index:
                    case ast.Constant(value=int() as position) if part.every and not isinstance(index.value, bool):
                        return Part(branch=position)
                    case ast.Slice():
                        return SOME
                    case _:
                        return Part()
            case ast.Call(func=ast.Name(id="list" | "tuple" | "iter"), args=[argument], keywords=[]):
                part = self.of(argument)
                return part if part and part.whole else None
            case ast.Call(func=ast.Name(id="reversed" | "sorted"), args=[argument, *_]):
                return SOME if (part := self.of(argument)) and part.whole else None
            case ast.Call(func=ast.Name(id="next"), args=[argument, *_]):
                return Part() if (part := self.of(argument)) and part.whole else None
            case _:
                return None

    def of_whole(self, node: ast.AST | object) -> Part | None:
        """Likewise, where it stands for all or several."""
        part = self.of(node) if isinstance(node, ast.AST) else None
        return part if part is not None and part.whole else None

    def bind(self, target: ast.expr, value: ast.expr | None) -> None:
        """A local name, or several, are assigned."""
        match target:
            case ast.Name(id=name):
                part = None if value is None else self.of(value)
                if part is None:
                    self.names.pop(name, None)
                else:
                    self.names[name] = part
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                part = None if value is None else self.of(value)
                for position, element in enumerate(elements):
                    self.bind(element, None)
                    if part is not None and part.whole and part.every and isinstance(element, ast.Name):
                        self.names[element.id] = Part(branch=position)
            case ast.Starred(value=inner):
                self.bind(inner, None)
            case _:
                pass

    def bind_items(self, target: ast.expr, iterated: ast.expr) -> None:
        """The target of a loop over an expression is assigned."""
        match iterated, target:
            case ast.Call(func=ast.Name(id="enumerate"), args=[over, *_]), ast.Tuple(elts=[first, second]):
                self.bind(first, None)
                self.bind_items(second, over)
            case ast.Call(func=ast.Name(id="zip"), args=overs), ast.Tuple(elts=elements) if len(overs) == len(elements):
                for element, over in zip(elements, overs, strict=True):
                    self.bind_items(element, over)
            case _, ast.Name(id=name) if (part := self.of_whole(iterated)) is not None:
                self.names[name] = Part(every=part.every)
            case _:
                self.bind(target, None)
