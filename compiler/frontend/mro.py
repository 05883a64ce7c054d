"""The method resolution order of classes: C3, as Python computes it.

    class A(B, C)    B(D)    C(D)    →    A, B, C, D

https://docs.python.org/3/howto/mro.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Conflict(Exception, Generic[K]):
    """A class whose bases cannot be put in one order.

    Attributes:
        owner: The class.
        heads: Bases, or bases of these, of which each must stand before another.
    """

    def __init__(self, owner: K, heads: tuple[K, ...]) -> None:
        super().__init__(owner, heads)
        self.owner = owner
        self.heads = heads


def linearize(root: K, bases: Mapping[K, tuple[K, ...]]) -> tuple[K, ...]:
    """A class and all that it derives from, in method resolution order.

    Args:
        bases: Those of each class, in the order written. There are no cycles.

    Raises:
        Conflict: There is no such order.
    """
    known: dict[K, tuple[K, ...]] = {}
    pending = [root]
    while pending:
        key = pending[-1]
        # A chain of classes with one base each needs no order of its own, however long it is.
        chain = [key]
        while len(bases[chain[-1]]) == 1:
            chain.append(bases[chain[-1]][0])
        parents = bases[chain[-1]]
        unknown = [parent for parent in parents if parent not in known]
        if unknown:
            pending.extend(reversed(unknown))
            continue
        pending.pop()
        if key not in known:
            known[key] = (*chain, *_merge(chain[-1], [*(known[parent] for parent in parents), parents]))
    return known[root]


def _merge(owner: K, sequences: Sequence[tuple[K, ...]]) -> list[K]:
    """The order that keeps the order of each sequence: always the first head that no sequence has further on."""
    further = Counter(one for sequence in sequences for one in sequence[1:])
    at = [0] * len(sequences)
    merged: list[K] = []
    while True:
        open_ = [position for position, sequence in enumerate(sequences) if at[position] < len(sequence)]
        if not open_:
            return merged
        heads = [sequences[position][at[position]] for position in open_]
        chosen = next((head for head in heads if not further[head]), None)
        if chosen is None:
            raise Conflict(owner, tuple(dict.fromkeys(heads)))
        merged.append(chosen)
        for position, head in zip(open_, heads, strict=True):
            if head == chosen:
                at[position] += 1
                if at[position] < len(sequences[position]):
                    further[sequences[position][at[position]]] -= 1
