import nothing_that_is_installed_anywhere_unless_it_runs as missing_on_purpose  # the compiler imports nothing

import metaflow as mf
from metaflow import FlowSpec as Base
from metaflow import step as task

task_of_mine = mf.step


class Aliases(Base):
    """`from metaflow import …` and `import metaflow as …`, under any alias."""

    size: int = mf.Parameter("size", default=2)

    @task
    def start(me):
        me.items = list(range(me.size))
        me.next(me.work, foreach="items")

    @mf.resources(cpu="2")
    @task_of_mine
    def work(me):
        me.next(me.join)

    @mf.step
    def join(me, inputs):
        me.count = len(list(inputs))
        me.next(me.end)

    @mf.step
    def end(me):
        print(me.count, missing_on_purpose)


if __name__ == "__main__":
    Aliases()
