"""Looking back at runs from Python, in the words of Metaflow's client.

Flow("Squares").latest_successful_run["end"].task.data.total

faults                   what there is not, and what cannot be
places                   in which datastore to look
namespaces               whose runs are seen
objects                  what all of them have in common: pathspecs, parents, tags, comparison
flow, run, step, task, artifact    one module for each
data                     artifacts as attributes, loaded when they are asked for
states                   whether a run or a task is done, failed or running
notebook                 small tables
"""
