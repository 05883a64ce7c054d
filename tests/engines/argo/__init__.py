"""A stand-in for a Kubernetes cluster with Argo Workflows, for where there is none: what flowc deploys, triggers, watches and
stops in the tests. The real thing is in `tests/e2e`, which runs the same against a cluster of yours; what is said here of the
API server's answers and of what the controller does was compared with a Kubernetes 1.34 and Argo 3.7.

    def test_it(argo: Argo) -> None:
        argo.environment          # KUBECONFIG, and what S3 wants
        argo.namespace            # one of the test's own

cluster         what a test has in hand: `Argo`, and the fixture
server          the engine's process
faults          requests that fail on request
api             what the API server does with a request
watching        what it tells as it happens
admission       what it asks of pods
resources       which kinds of objects there are
schema          which fields these have
validity        which names they may have
selectors       which of them are meant
ownership       whose each field is
patches         merge patches, JSON patches
refusals        what is refused, and how that is said
objects         where they are kept
controller      when workflows are looked at
operation       what is then done
dags            likewise, with DAGs
retrying        likewise, with what failed
joining         templates and what all have in common
nodes           what stands in a status
substitution    what becomes of {{...}}
expressions     what becomes of conditions
scheduling      which pods the node has room for
kubelet         pods
permissions     what service accounts may do
times           times and durations
"""

from __future__ import annotations
