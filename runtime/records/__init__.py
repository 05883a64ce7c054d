"""What runs leave in the store beside values.

runs                     who started a run, and how it ended
parameters               the values that a run was given
manifest                 the object whose write commits a task; failures of attempts
logs                     what attempts print
"""
