"""What a person gives on the command line for a flow's `Config`s. It is part of a compile's input, like the source.

flowc compile flow.py --config model prod.json --config-value limits '{"rows": 10}'
→   Given(files={"model": "prod.json"}, values={"limits": '{"rows": 10}'})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Values of configs, by the config's name.

    Attributes:
        files: Paths, relative to the current folder.
        values: JSON texts.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = Given()
"""Every `Config` has its default."""
