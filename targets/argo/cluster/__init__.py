"""The control plane of a flow on Argo Workflows: what asks the API server of a cluster, imported late.

credentials  who flowc is to which cluster: a context of kubeconfig, or the service account of the pod it runs in
session      requests to that cluster, in one namespace, with
refusals     what it refuses, as one sentence
kinds        the kinds of objects, and their paths
platform     all of it as `targets.platform.Platform`
deploy       what must be done for a flow to be deployed: its parts are
needs        what must be there before: a service account, secrets
applying     what server-side apply would make of an object, and what is there
undeploy     what must be done for nothing to be left
live         what is deployed under a name, and what it says of itself
executions   its runs

Of runs that are started from somebody's machine, and need no Argo:

computing    all of it as `targets.compute.Computing`
pod_needs    what must be there before
pod_compute  makes their Pods, looks at them, ends them, with
pod_jobs     what is known of each
pod_watch    what becomes of them, as it happens
pod_states   how far a Pod is, by its status
pod_deletes  deleting many

words        what Argo and Kubernetes say of a pod, in words for those who wrote the flow, and
scheduling   why no node takes it
"""
