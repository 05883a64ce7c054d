"""The control plane of a flow on AWS, through boto3, which is imported within the functions that need it.

session      clients of one region, and what AWS refuses as one sentence
platform     all of it as `targets.platform.Platform`
deploy       what must be done for a flow to be deployed: its parts are
needs        what must be there before: settings, buckets, clusters
queues       likewise: queues of AWS Batch, and what runs their jobs
roles        the same of roles; new ones that AWS does not know everywhere yet
carried      the package, and definitions of jobs
machine      a state machine as it is
publishing   what must be done for it to be another one, behind its alias
starting     schedules and rules
undeploy     what must be done for nothing to be left
live         the version that new runs have, and what it says of a deployment
executions   its runs: starting and ending them, with
underway     what they have under way
troubles     why they failed: of
history      what events and causes say about tasks
console      addresses of AWS's console
computing    AWS Batch as the compute of a run that is started from somebody's machine: its jobs are begun by
submitting   which finds again what AWS has taken without saying so;
looking      says what has become of them,
endings      what their ends mean, and
waits        why they wait;
terminating  ends them;
listing      finds those of a flow that somebody has left behind
faults       what AWS refuses, as the runtime knows it
"""
