"""The compiler: flow source → IR → checks and passes → plan.

    source text ──frontend, dataflow──▶ Definition ──passes──▶ Flow (ir) ──plan──▶ plan.json

Pure: it imports nothing else of flowc, never imports user code, and touches neither disk nor network. What goes in is a `Source`,
what comes out a `Compilation`: the flow, where there is one without errors, and every diagnostic, sorted by place.

    pipeline       calls all stages; read it first
    source         a file's text and places in it; lines: the same by offsets, and text with parts of it replaced
    files, given   what the caller hands in: the files beside the flow; values of configs, and decorators for its steps
    diagnostics    what is wrong, as data and as text; similar: guesses at what was meant
    repair         mends a file by the fixes that its diagnostics carry
    migrate        turns Metaflow's imports and command lines into flowc's; nothing above needs it
    plan, limits   the IR for the runtime; what the platforms refuse
    collecting     Python's garbage collector, while a flow is compiled
"""

from __future__ import annotations

from .diagnostics.model import Diagnostic
from .pipeline import Compilation, compile_source
from .source import Source, Span

__all__ = ["Compilation", "Diagnostic", "Source", "Span", "compile_source"]
