"""The command line: one file a verb (`check`, `compile`, `run`, `show`, `explain`), around a core without I/O.

`program` holds the table of verbs and runs one, `flow_file` reads what FILE names, `settings` finds what flags leave open,
`output` says where text goes and in which colours. Results go to standard output, everything else to standard error.
A verb's module is imported when the verb is used, so that a start costs what that verb needs and no more.
"""
