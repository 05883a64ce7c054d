"""What runs beside user code, in a container or on a laptop. Imports nothing else of flowc, and of other packages nothing but
what a task needs.

    contract, paths, plan    what a task is called, and the compiled flow as data
    errors, failure          faults of users as messages; why an attempt failed
    compute                  what a local run asks of a platform that runs some of its tasks
    children                 the child's side of a fork
    lines                    what a process prints, cut into lines
    store/                   where objects are kept
    records/                 what runs leave there: manifests, failures, logs
    artifacts/               values, serialized into the store and back
    s3/                      objects of any name, for Metaflow's programs
    secrets/                 what `@secrets` names, fetched
    language/                what a flow's file imports: FlowSpec, Parameter, current, …
    tasks/                   one attempt of one task
    container/               one task in a container
    local/                   a whole run on this machine
    resume/                  a new run that takes over what an older one has done
    testing/                 one step in a test of the user's
    client/                  looking back at runs from Python
    settings_file            where the settings are
    __main__                 the command of every container: `python3 -m flowc.runtime`
"""
