"""The table of rules: every kind of fault that flowc can find, each with a code that is never used for anything else.

FC1xx the file · FC2xx the flow and its steps · FC3xx `self.next` · FC4xx the graph · FC5xx decorators and
parameters · FC6xx targets · FC7xx artifacts
"""

from __future__ import annotations

from ..model import Rule
from . import artifacts, decorators, file, flow, graph, targets, transitions

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for module in (file, flow, transitions, graph, decorators, targets, artifacts)
            for rule in vars(module).values()
            if isinstance(rule, Rule)
        ),
        key=lambda rule: rule.code,
    )
)
