"""The compiler: flow source → IR → checks and passes → plan.

    source text ──frontend──▶ definition ──PASSES──▶ Flow (IR) ──plan──▶ plan.json

Pure: it imports nothing else of flowc, never imports user code, and touches neither disk nor network. What goes in is a `Source`,
what comes out a `Compilation`: the flow, where there is one without errors, and every diagnostic, sorted by place.
"""

from __future__ import annotations

from .diagnostics.model import Diagnostic
from .pipeline import Compilation, compile_source
from .source import Source, Span

__all__ = ["Compilation", "Diagnostic", "Source", "Span", "compile_source"]
