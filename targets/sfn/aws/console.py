"""Where AWS's console shows what runs: addresses for a browser.

Nothing of the account is in them but its region and the names of things; whoever opens one must be logged in.
"""

from __future__ import annotations

from urllib.parse import quote

from ...executions import Link
from .session import Session

LOG_GROUP = "/aws/batch/job"
"""Where Batch keeps what jobs print, unless their definition says otherwise."""


def execution_page(session: Session, arn: str) -> str:
    """An execution, with its graph and its events."""
    return f"{session.console}/states/home?region={session.region}#/v2/executions/details/{quote(arn, safe=':/')}"


def job_links(session: Session, job: str, stream: str | None, group: str | None = None) -> tuple[Link, ...]:
    """A job of Batch, and what it printed once it has begun."""
    page = f"{session.console}/batch/home?region={session.region}#jobs/detail/{quote(job, safe='')}"
    return (Link(what="job", url=page), *log_links(session, stream, group or LOG_GROUP))


def task_page(session: Session, arn: str) -> Link:
    """A task of ECS."""
    cluster, task = arn.split("/")[-2:]
    place = f"{quote(cluster, safe='')}/tasks/{quote(task, safe='')}"
    return Link(what="task", url=f"{session.console}/ecs/v2/clusters/{place}/configuration?region={session.region}")


def log_links(session: Session, stream: str | None, group: str) -> tuple[Link, ...]:
    """A stream of CloudWatch's logs; nothing where there is none yet."""
    if not stream:
        return ()
    # The console decodes what follows its # twice, with $ for %.
    place, name = (quote(quote(one, safe=""), safe="").replace("%", "$") for one in (group, stream))
    home = f"{session.console}/cloudwatch/home?region={session.region}"
    return (Link(what="log", url=f"{home}#logsV2:log-groups/log-group/{place}/log-events/{name}"),)
