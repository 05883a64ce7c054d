"""The language server: what an editor shows of a flow while it is written.

`server` talks the protocol and keeps nothing but the open documents; `documents` are these, as files that the compiler may read;
`workspace` compiles them, each text once. What an editor asks for is a pure function each, from what was compiled and a place in
it to the protocol's data: `faults`, `fixes`, `places`, `hover`, `symbols`, `completion`. `outline` finds every mention of a name
in a flow, which most of these go by; `positions` counts as the editor counts; `shift` finds the places of an older text in the
newest.
"""
