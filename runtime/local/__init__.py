"""A whole run on this machine.

scheduler                which attempt runs when, and what a failure means
tree                     which task may start next
attempts                 what runs in a task's process, and what its end means
processes                forked children and their output
spawning                 the same where there are no forks
inline                   tasks in this process, for debuggers
elsewhere                the attempts that `runtime/remote/` has run elsewhere
keeper                   the helper process that writes what the run leaves beside its tasks' own objects
messages                 what the scheduler and such a process tell each other
direct                   the same without a process of its own
lanes                    logs on their way into the store
progress                 what a run prints
words                    how it says that it ended
live                     the table that it shows on a terminal
"""
