"""What runs compiled state machines in the tests: moto's server, with a Step Functions interpreter mended until it does what AWS
says that it does, and jobs of AWS Batch and tasks of ECS that are processes.

    def test_it(aws: Aws) -> None:
        execution = aws.run(machine, jobs)
        assert execution.status == "SUCCEEDED", execution.report()

account         what a test has in hand: `Aws`, `Execution`, and the fixture
server          the engine's process
processes       a container's command as a process
warm            the process that forks for jobs
batch, ecs      jobs of AWS Batch, tasks of ECS
described       what Batch says of jobs, and of arrays of them
fates           jobs that end as a test wants it
storage         conditional writes
faults          calls that fail on request
calls           who called what
services        what states send to services
waiting         how executions wait, try again, and stop
maps            Map states
failures        which errors are tried again and caught
limits          what is too large, or refers to nothing
parsing         what is parsed once
machines        machines, versions, aliases
states          states and machines to write tests with
executions      starting, stopping, redriving, describing
stacks          resources of CloudFormation
redriving       what an execution remembers for that
mending         how all these change moto
"""

from __future__ import annotations

from engines.account import Aws, Execution, engine

__all__ = ["Aws", "Execution", "engine"]
