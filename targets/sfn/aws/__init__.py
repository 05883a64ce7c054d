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
outcome      what is deployed then
undeploy     what must be done for nothing to be left
executions   what became of its runs: with history, and console for links
"""
