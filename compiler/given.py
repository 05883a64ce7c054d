"""What a person gives on the command line for a compile. It is part of the compile's input, like the source.

flowc compile flow.py --config model prod.json --config-value limits '{"rows": 10}' --with retry --without batch
→   Given(files={"model": "prod.json"}, values={"limits": '{"rows": 10}'}, added=("retry",), removed=("batch",))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Values of configs by the config's name, and what changes in the decorators of steps.

    Attributes:
        files: Paths, relative to the current folder.
        values: JSON texts.
        added: Decorators for every step that does not have them, as `--with` spells them: `batch:cpu=4,queue=large`.
        removed: Names of decorators that come off every step, before others are added.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


NOTHING: Final = Given()
"""Every `Config` has its default, and steps have the decorators that stand above them."""
