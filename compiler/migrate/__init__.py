"""Metaflow's imports and command lines, turned into flowc's.

In goes the text of a file, out comes its new text and what had to be left:

    from metaflow import Runner, FlowSpec, step  ▶   from flowc import FlowSpec, step
                                                     from metaflow import Runner         left: flowc has no `Runner`
    # python flow.py run --alpha 3               ▶   # flowc run flow.py --alpha 3
    # python flow.py resume                      ▶   the same                            left: flowc takes the run as a word

Nothing outside of what is turned changes by a character, and whatever is turned once is not turned again. Places of leftovers are
those in the new text. This package is the only one in the compiler that imports a library, libcst.

    names          what flowc answers for, and what to do about the rest
    imports        imports of a Python file, in libcst's tree; modules: `import metaflow`; change: carries out what they plan
    commands       the table: Metaflow's commands and options, and what they are in flowc
    words          command lines in a text: of a shell, or as lists of strings
    command_lines  one command line by the table
    python, text   the text of a file of either kind
    file           its bytes
"""

from .file import Unfit, migrate_bytes
from .model import Leftover, Migration

__all__ = ["Leftover", "Migration", "Unfit", "migrate_bytes"]
