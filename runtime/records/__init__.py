"""What runs leave in the store beside values.

documents                JSON objects, which may be damaged
runs                     who started a run, and how it ended
given                    what an orchestrator was told that started a run
parameters               the values that a run was given
manifest                 the object whose write commits a task; failures of attempts
tags                     what people call a run
traces                   what tasks have left, found by listing
logs                     what attempts print
"""
