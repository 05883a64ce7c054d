"""What the front end hands on: the flow as written, before its graph is understood."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.nodes import Config, Decorator, Parameter, Step
from ..source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A flow as its source says it.

    Attributes:
        steps: By name, in the order written.
        methods: Other methods, with where they are defined.
        complete: Every way on was understood. Where one was not, the graph is not judged: its faults would only be echoes.
        inherits: It has base classes that were not read, so that steps may be missing.
    """

    name: str
    doc: str
    file: str
    parameters: tuple[Parameter, ...]
    configs: tuple[Config, ...]
    decorators: tuple[Decorator, ...]
    steps: dict[str, Step]
    methods: dict[str, Span]
    complete: bool
    inherits: bool
    span: Span
