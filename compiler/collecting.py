"""Keep Python's collector of cycles away while a file is compiled.

A syntax tree is hundreds of thousands of objects, all of them alive: the collector would look at them again and again, find
nothing, and make the work grow faster than the file.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def without_collecting(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same function, during which no cycles are collected."""

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if enabled:
                gc.enable()

    return call
