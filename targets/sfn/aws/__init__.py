"""The control plane of a flow on AWS, through boto3, which is imported within the functions that need it.

session      clients of one region, and what AWS refuses as one sentence
platform     all of it as `targets.platform.Platform`
deploy       what must be done for a flow to be deployed: its parts are
needs        what must be there before: settings, buckets, queues, clusters
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
"""
