"""A flow's class with all that it inherits, as data: its method resolution order, and what it has under each name."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from .context import Context


@dataclass(frozen=True, slots=True)
class Member:
    """What a class binds to one name.

    Attributes:
        name: The name.
        kind: `step`, `method`, `property`, `parameter` (also IncludeFile and Config), `constant`, or `other`.
        node: The statement that binds it (a def, an assignment, or whatever else).
        value: The expression of a plain assignment, or None.
        context: The file that it stands in.
        owner: The class whose body it stands in.
    """

    name: str
    kind: str
    node: ast.stmt
    value: ast.expr | None
    context: Context
    owner: ast.ClassDef


@dataclass(frozen=True, slots=True)
class ClassRecord:
    """One class, alone.

    Attributes:
        name: Its name.
        context: The file that it stands in.
        node: Its statement.
        inside: The file as decorators and assignments in the class's body see it. Methods do not see the names of the class.
        members: What its own body binds, the last definition of each name.
    """

    name: str
    context: Context
    inside: Context
    node: ast.ClassDef
    members: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class ClassModel:
    """A flow's class with all that it inherits.

    Attributes:
        name: The flow's name.
        context: The file that it stands in.
        node: Its statement.
        lineage: In method resolution order, the flow's own class first, without `FlowSpec` and the standard library's.
        members: By name, the first in `lineage`. Those of a base stand before those of the classes that derive from it.
        open: It may have more members: of a base that cannot be read, or of a decorator or metaclass that is not flowc's.
        unread: A base could not be read, which is reported.
        positions: Where in `lineage` each class stands.
    """

    name: str
    context: Context
    node: ast.ClassDef
    lineage: tuple[ClassRecord, ...]
    members: Mapping[str, Member]
    open: bool
    unread: bool
    positions: Mapping[ast.ClassDef, int]

    def find(self, name: str) -> Member | None:
        """What `self.name` means, where nothing was assigned to it."""
        return self.members.get(name)

    def after(self, owner: ast.ClassDef, name: str) -> Member | None:
        """What `super().name` means in a method of one of its classes."""
        position = self.positions.get(owner, len(self.lineage))
        return next((one.members[name] for one in self.lineage[position + 1 :] if name in one.members), None)

    def record(self, owner: ast.ClassDef) -> ClassRecord | None:
        """The class of its lineage that a statement makes."""
        position = self.positions.get(owner)
        return None if position is None else self.lineage[position]
