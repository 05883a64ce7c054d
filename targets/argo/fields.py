"""The fields of Argo's objects, by which misspelt ones are found: of Argo 3.5 to 4.1 (workflow_types.go) and Kubernetes 1.34."""

from __future__ import annotations

from typing import Final

TYPES: Final = ("container", "containerSet", "dag", "data", "http", "plugin", "resource", "script", "steps", "suspend")
"""What a template can be, each a field of it (workflow_types.go, `Template`, here and below of v3.5 to v4.1)."""
TEMPLATE: Final = frozenset(TYPES) | set(
    "activeDeadlineSeconds affinity annotations archiveLocation automountServiceAccountToken daemon executor "
    "failFast hostAliases initContainers inputs memoize metadata metrics name nodeSelector outputs parallelism "
    "pendingTimeout podResources podSpecPatch priority priorityClassName resourceClaims retryStrategy schedulerName "
    "securityContext serviceAccountName sidecars synchronization timeout tolerations volumes".split()
)
SPEC: Final = frozenset(
    "activeDeadlineSeconds affinity archiveLogs arguments artifactGC artifactRepositoryRef "
    "automountServiceAccountToken dnsConfig dnsPolicy entrypoint executor executorPlugins hooks hostAliases "
    "hostNetwork imagePullSecrets metrics nodeSelector onExit parallelism podDisruptionBudget podGC podMetadata "
    "podPriority podPriorityClassName podResources podSpecPatch priority resourceClaims retryStrategy schedulerName "
    "securityContext serviceAccountName shutdown suspend synchronization templateDefaults templates tolerations "
    "ttlStrategy volumeClaimGC volumeClaimTemplates volumes workflowMetadata workflowTemplateRef".split()
)
TASK: Final = frozenset(
    "arguments continueOn dependencies depends hooks inline name onExit template templateRef when withItems "
    "withParam withSequence".split()
)
CONTAINER: Final = frozenset(
    "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy "
    "resources restartPolicy securityContext startupProbe stdin stdinOnce terminationMessagePath "
    "terminationMessagePolicy tty volumeDevices volumeMounts workingDir".split()
)
"""Kubernetes, `Container` (core/v1)."""
