"""What runs beside user code, in a container or on a laptop: the flow API, tasks, artifacts, the datastore and the local
scheduler.

Imports nothing else of flowc, and of other packages nothing but what a task needs.
"""
