"""How the engine changes moto: one function at a time, each with the reason beside it.

    @mend(Job, "run")
    def as_a_process(original, self):
        ...

A name that moto no longer has is an error at once, so that another version of moto cannot silently lose a mend.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def mend(place: Any, name: str) -> Callable[[F], F]:
    """Put the decorated function in the place of a function of moto's, which it gets as its first argument."""
    original = getattr(place, name)

    def put(function: F) -> F:
        @wraps(original)
        def mended(*arguments: Any, **named: Any) -> Any:
            return function(original, *arguments, **named)

        static = isinstance(inspect.getattr_static(place, name), staticmethod)
        setattr(place, name, staticmethod(mended) if static else mended)
        return function

    return put
