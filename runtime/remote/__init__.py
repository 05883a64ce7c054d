"""Tasks of a local run that run elsewhere: one helper process starts and watches them, for the scheduler, which may do neither.

link                     the scheduler's side: what it asks for, and what it is told
agent                    the helper: which task is how far, and what is done about it next
platforms                one platform, as the helper asks it: threads that start, look and end, and how long they wait
troubles                 what cannot be asked for a while: said once, and tried again
jobs                     an attempt elsewhere, and how it ended
waits                    attempts that wait for long: of which it is asked why
tails                    the logs of attempts that run, as they grow
threads                  threads that do what is handed to them

The platforms themselves are behind `runtime/compute.py`.

**Invariant:** the store decides what became of a task: its manifest, then the record of its failure. What a platform says counts
where there is neither, and is then put on record.
"""
