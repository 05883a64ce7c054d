"""A whole run on this machine.

scheduler                which attempt runs when, and what a failure means
tree                     which task may start next
processes                forked children and their output
progress                 what a run prints
"""
