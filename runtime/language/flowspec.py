"""`FlowSpec`: the class that flows derive from, and what `self` can do in a step.

A flow object's artifacts are its plain attributes, and `vars(self)` holds no others: those set or loaded so far. An
artifact that came with the task is loaded when it is first read. Outside of a run a flow object is an ordinary one, whose
`next` does nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from ..tasks.binding import Binding


class ForeachFrame(NamedTuple):
    """One foreach around a task: its index, how many items there are, and the item. The names are Metaflow's."""

    index: int  # type: ignore[assignment]  # tuple has a method of that name
    num_splits: int
    value: Any


class FlowSpec:
    """The base class of flows.

    class Hello(FlowSpec):
        @step
        def start(self):
            self.greeting = "hello"
            self.next(self.end)

        @step
        def end(self):
            print(self.greeting)

    if __name__ == "__main__":
        Hello()
    """

    __slots__ = ("__dict__", "__weakref__", "_flowc")
    _flowc: Binding

    def __init__(self, use_cli: bool = True) -> None:
        """In the program that Python runs (`python flow.py VERB …`), hand over to flowc's command line, and never return.

        Args:
            use_cli: False makes a plain object, as in a notebook or a test.
        """
        main = sys.modules.get("__main__")
        file = getattr(main, "__file__", None)
        if not use_cli or type(self).__module__ != "__main__" or file is None:
            return
        # The one place where the runtime reaches for the rest of flowc: a flow's file is a command of its own.
        import importlib
        import os

        entry = importlib.import_module("...__main__", __package__)
        path = os.path.abspath(file)  # noqa: PTH100  # pathlib's would follow links
        sys.exit(entry.main(flow_file=path, flow_class=type(self).__name__, arguments=sys.argv[1:]))

    def next(
        self,
        *targets: Callable[..., Any] | Mapping[Any, Callable[..., Any]],
        foreach: str | None = None,
        condition: str | None = None,
        num_parallel: int | None = None,
        max_iterations: int | None = None,
    ) -> None:
        """Say where the flow goes on. Every way through a step, but the last step's, ends in one such call.

            self.next(self.a)                                        # one step
            self.next(self.a, self.b)                                # all of them at once
            self.next(self.work, foreach="items")                    # once for each item of self.items
            self.next({"x": self.a, "y": self.b}, condition="kind")  # the one for the value of self.kind

        Args:
            max_iterations: How many turns a loop may take that this call closes. The compiler reads it.
        """
        if (binding := self._binding()) is not None:
            binding.goes_on(lambda name: getattr(self, name), targets, foreach, condition, num_parallel)

    @property
    def index(self) -> int | None:
        """The index of the item in the innermost foreach around this task; None outside of any."""
        binding = self._binding()
        depths = binding.foreach_depths() if binding else []
        return binding.index(depths[-1]) if binding and depths else None

    @property
    def input(self) -> Any:
        """The item of the innermost foreach around this task; None outside of any."""
        binding = self._binding()
        depths = binding.foreach_depths() if binding else []
        if not binding or not depths:
            return None
        return binding.item(depths[-1])

    def foreach_stack(self) -> list[ForeachFrame]:
        """All foreaches around this task, outermost first."""
        stack = []
        if (binding := self._binding()) is not None:
            for depth in binding.foreach_depths():
                stack.append(ForeachFrame(binding.index(depth), binding.count(depth), binding.item(depth)))
        return stack

    def merge_artifacts(self, inputs: Any, exclude: Iterable[str] = (), include: Iterable[str] = ()) -> None:
        """In a join, take over the artifacts of all inputs that have one value in them; those set already stay as they are.

        Names that begin with an underscore are left out.

        Args:
            exclude: Names to leave out.
            include: Names to take, and no others. Not both.

        Raises:
            UnhandledInMergeArtifactsException: Artifacts have different values in the inputs; all are named.
            MissingInMergeArtifactsException: No input has an included one.
        """
        from ..tasks.merge import merge

        if (binding := self._binding()) is not None:
            merge(self, binding, inputs, exclude=exclude, include=include)

    def _binding(self) -> Binding | None:
        try:
            return self._flowc
        except AttributeError:  # outside of a run
            return None

    @classmethod
    def _bound(cls, binding: Binding) -> Self:
        """An object that stands for a task. `__init__` is not called: what it would set is not part of a run."""
        flow = cls.__new__(cls)
        object.__setattr__(flow, "_flowc", binding)
        return flow

    def __getattr__(self, name: str) -> Any:
        if name == "_flowc" or name.startswith("__"):
            raise AttributeError(name)
        if hasattr(type(self), name):
            # Python comes here when a property has raised AttributeError, and has forgotten it: ask again, for its own words.
            return object.__getattribute__(self, name)
        binding = self._binding()
        if binding is None:
            raise AttributeError(f"the flow {type(self).__name__} has no `{name}`, and it is not running")
        if name not in binding.entries:
            raise AttributeError(binding.unset(self, name))
        value = binding.load(name)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if self._is_flowcs(name):
            raise AttributeError(f"`self.{name}` cannot be set: it is flowc's; give the artifact another name")
        if hasattr(type(self), name) and not self._settable(name):
            raise AttributeError(f"`self.{name}` cannot be set: it is an attribute of the class, the same in all steps")
        object.__setattr__(self, name, value)

    def _settable(self, name: str) -> bool:
        """Whether assigning to an attribute of the class is all right: a property of the user's, or a private attribute."""
        for owner in type(self).__mro__:
            if name in vars(owner):
                plain = name.startswith("_") and not name.startswith("__") and not callable(vars(owner)[name])
                return plain or hasattr(type(vars(owner)[name]), "__set__")
        return False

    def _is_flowcs(self, name: str) -> bool:
        """Whether an attribute is one of those that flowc gives to all flows, and the user's class has not made its own."""
        if name in FlowSpec.__slots__:
            return False
        return next((owner is FlowSpec for owner in type(self).__mro__ if name in vars(owner)), False)

    def __delattr__(self, name: str) -> None:
        if self._is_flowcs(name):
            raise AttributeError(f"`self.{name}` cannot be deleted: it is flowc's")
        binding = None if hasattr(type(self), name) else self._binding()
        known = binding is not None and binding.entries.pop(name, None) is not None
        if name in vars(self) or not known:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        binding = self._binding()
        return sorted({*object.__dir__(self), *(binding.entries if binding else ())})
