"""Flows on a Kubernetes cluster with Argo Workflows: deployed, run and watched by the command line, compared with local runs."""
