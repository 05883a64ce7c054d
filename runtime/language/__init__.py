"""What a flow's file imports, as it works in a run.

flowspec, inputs         `self`, and the `inputs` of a join
parameter, include,
config                   what a run is given
current, trigger         what a task can know of itself, and of the event that set its run off
decorators               `@step` and the others, which the compiler reads and a run ignores
parallel, workers        `parallel_map`
card                     what stands for cards
metaflow, absent         `from metaflow import …`, and names of Metaflow's that flowc does not have
"""
