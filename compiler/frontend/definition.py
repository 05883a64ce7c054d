"""What the front end hands on: the flow as written, before its graph is understood."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.nodes import Config, Decorator, Parameter, Step
from ..source import Span
from .ends import Ends
from .members import ClassModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A flow as its source says it.

    Attributes:
        name: The class's.
        doc: Its docstring, or "".
        file: The name of the flow's file, without folders: what a container runs.
        parameters: Those of its bases too, by name on the command line each once.
        configs: Likewise, with their values.
        decorators: Of the flow, its bases' too.
        steps: By name, in the order written.
        methods: Other methods, with where they are defined.
        ends: Where it starts and ends.
        complete: Every way on was understood. Where one was not, the graph is not judged: its faults would only be echoes.
        absent: Names of Metaflow's that flowc does not have, imported and never used.
        model: The class that all this was read from, with what it inherits.
        idle: Options that were to change the decorators of steps and change none, each with the name of its decorator.
    """

    name: str
    doc: str
    file: str
    parameters: tuple[Parameter, ...]
    configs: tuple[Config, ...]
    decorators: tuple[Decorator, ...]
    steps: dict[str, Step]
    methods: dict[str, Span]
    ends: Ends
    complete: bool
    absent: tuple[str, ...]
    model: ClassModel
    idle: tuple[tuple[str, str], ...]
    span: Span
