"""What `flowc.testing` has: one step of a flow, called in a test of the user's.

step                     `run_step`
bench                    what the step finds around it
"""
