"""A new run that takes over what an older one has done.

    survey ─▶ what the older run has committed ─▶ decide ─▶ what is taken over ─▶ begin ─▶ the new run, with copies of that

survey                   what a run has left in the store
decide                   which of its tasks can be taken over, and why others cannot; pure
begin                    the new run, and the copies in it
"""
