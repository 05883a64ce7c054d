"""The intermediate representation: a flow as what it means.

nodes          the flow: what its source says, and the region tree
artifacts      what each step does with `self.*`
edges, walk, lineage    read it: ways on of a step, stages of the tree, what comes before a task
printer        as text, for golden files; verify: what holds of every tree
"""
