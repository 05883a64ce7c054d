"""The method resolution order is Python's own, on random classes too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.frontend.mro import Conflict, linearize


@st.composite
def hierarchies(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """For each class its bases, among those before it."""
    count = draw(st.integers(1, 9))
    return [tuple(draw(st.lists(st.integers(0, n - 1), unique=True, max_size=3))) if n else () for n in range(count)]


@settings(max_examples=400, deadline=None)
@given(hierarchies())
def test_the_order_is_pythons(hierarchy: list[tuple[int, ...]]) -> None:
    made: list[type] = []
    bases = dict(enumerate(hierarchy))
    for number, parents in bases.items():
        try:
            made.append(type(f"C{number}", tuple(made[parent] for parent in parents), {}))
        except TypeError:
            with pytest.raises(Conflict) as caught:
                linearize(number, bases)
            assert caught.value.owner == number
            assert len(caught.value.heads) > 1
            return
        order = linearize(number, bases)
        assert [f"C{one}" for one in order] == [one.__name__ for one in made[number].__mro__[:-1]]


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain: dict[int, tuple[int, ...]] = {n: (n + 1,) for n in range(20_000)} | {20_000: ()}
    assert linearize(0, chain) == tuple(range(20_001))
