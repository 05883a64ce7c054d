"""One task in a container: a parent that stays small and safe, and a forked child that runs the user's code.

assignment               what the environment asks for
supervisor               the parent: hands on output and signals, and says how the child ended
keeper                   what the child prints, into the store, beside the rest of the parent's work
memory                   what the container may use of memory, and whether that was why it ended
orphans                  what the child leaves running
work                     the child: begins the run, imports the flow, runs the task
hooks                    or, when the run has ended: calls the functions of `@exit_hook`
"""
