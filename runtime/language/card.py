"""What stands for cards, which flowc does not make yet: `current.card`, and the components that Metaflow's programs put into it.

Everything is accepted and nothing is kept, so that a flow with cards runs as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..plan import Plan


class Card:
    """`current.card`, and `current.card["id"]`: what is put into it is gone."""

    def append(self, component: object, id: str | None = None) -> None:
        """Take a component."""

    def extend(self, components: Iterable[object]) -> None:
        """Take components."""

    def clear(self) -> None:
        """Take all components away."""

    def refresh(self, *_: object, **__: object) -> None:
        """Show the card while the task runs."""

    def get(self, type: str | None = None) -> list[Self]:
        """The cards of a type; there are none."""
        return []

    @property
    def components(self) -> Components:
        """The components by their ids."""
        return Components()

    def __getitem__(self, id: str) -> Self:
        return self

    def __setitem__(self, id: str, components: object) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True  # `if current.card:` asks whether there is one


class Component:
    """A part of a card: a table, a chart, text. Takes whatever its class in Metaflow takes."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def update(self, *_: object, **__: object) -> None:
        """Show something else."""

    @classmethod
    def from_dataframe(cls, *_: object, **__: object) -> Self:
        """A table of a data frame."""
        return cls()

    @classmethod
    def from_matplotlib(cls, *_: object, **__: object) -> Self:
        """An image of a plot."""
        return cls()

    @classmethod
    def from_pil_image(cls, *_: object, **__: object) -> Self:
        """An image of an image."""
        return cls()

    @classmethod
    def from_altair_chart(cls, *_: object, **__: object) -> Self:
        """A chart of Altair's."""
        return cls()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None  # such as `add_error` of an EventsTimeline


class Components:
    """The components of a card, each of which is there and does nothing."""

    def __getitem__(self, id: str) -> Component:
        return Component()

    def __setitem__(self, id: str, component: object) -> None: ...

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def note_of_cards(plan: Plan) -> str | None:
    """What a run says once of its cards; None where there are none."""
    steps = [f"`{name}`" for name, step in plan.steps.items() if step.decorator("card") is not None]
    if not steps:
        return None
    shown = ", ".join(steps[:3]) + (f" and {len(steps) - 3} more" if len(steps) > 3 else "")
    return f"@card makes nothing yet: step{'s' if len(steps) > 1 else ''} {shown} will leave no card"
