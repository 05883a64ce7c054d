"""What decorators take: each argument by its kind, and what arguments say together."""

from __future__ import annotations

import inspect

import pytest
from reading import codes, compile_files, flow_of, read

from flowc.compiler.frontend.decorator_table import FLOW_DECORATORS, STEP_DECORATORS
from flowc.runtime.language import decorators

HEAD = "def notify():\n    pass\n"

SOUND = [
    "@resources(cpu='2', memory=4000, gpu=None)",
    "@batch(host_volumes=['/a', '/b'], swappiness=60, log_options=['a:b'], ephemeral_storage=21, privileged=True)",
    "@kubernetes(image_pull_policy='Never', qos='guaranteed', gpu_vendor='AMD', secrets='one', port=80)",
    "@kubernetes(tolerations=[{'key': 'a', 'operator': 'Exists'}], labels={'a': 'b', 'c': None}, node_selector='a=b,c=d')",
    "@kubernetes(security_context={'run_as_user': 1000, 'privileged': False}, extended_resources={'x/y': 1})",
    "@retry(times='3', minutes_between_retries=0)",
    "@retry(backoff='1.5', max_minutes_between_retries=None, jitter=True)",
    "@retry(minutes_between_retries='5', max_minutes_between_retries=5)",
    "@timeout(minutes=0.5)",
    "@catch(var='failure', print_exception=False)",
    "@secrets(sources=['aws-secrets-manager.x', {'type': 'inline', 'id': 'i', 'options': {}, 'role': None}, 'bare'])",
    "@pypi(packages={'pandas': '2.2.1'}, python='3.11')",
    "@card(type='html', rank='high', timeout=60)",
    "@environment(vars={'A': 1, 'B': True})",
    "@retry",
]
SOUND_ABOVE = [
    "@schedule",
    "@schedule(hourly=True)",
    "@schedule(weekly=True, daily=False)",
    "@schedule(cron='0 6 * * *', timezone='America/Argentina/Ushuaia')",
    "@schedule(cron='*/15 8-18 ? * MON-FRI *', timezone='UTC')",
    "@schedule(cron='0 0 1,15 * ? 2030')",
    "@schedule(cron='0 0 ? * 6#3 *')",
    "@schedule(cron='0 0 L * ? *')",
    "@project(name='my_project', branch='b1', production=True)",
    "@trigger(event='a')",
    "@trigger_on_finish(flow='Other')",
    "@trigger_on_finish(flows=['a.b.Other', {'name': 'Other', 'project': 'p', 'project_branch': 'b'}])",
    "@exit_hook(on_error=[notify])\n@exit_hook(on_success=['notify'])",
    "@exit_hook(on_error=['team.pager.call', notify])",
    "@conda_base(packages={}, python='3.12', disabled=True)",
]


@pytest.mark.parametrize("line", SOUND)
def test_sound_on_a_step(line: str) -> None:
    flow_of(read("", on_step=line))


@pytest.mark.parametrize("lines", SOUND_ABOVE)
def test_sound_above_the_class(lines: str) -> None:
    flow_of(read("", head=HEAD, above=lines))


FAULTY = [
    "@resources(cpu=0)",
    "@resources(gpu=0.5)",
    "@resources(memory='a lot')",
    "@resources(2)",
    "@resources(2, 4000)",
    "@resources(*[2])",
    "@resources(**{'memroy': 2})",
    "@batch(swappiness=101)",
    "@batch(ephemeral_storage=10)",
    "@batch(aws_batch_tags={'a': 1})",
    "@batch(log_options=[1])",
    "@batch(inferentia=1, trainium=1)",
    "@kubernetes(cpu=None)",
    "@kubernetes(image_pull_policy='always')",
    "@kubernetes(qos='best')",
    "@kubernetes(tolerations=[{'kye': 'a'}])",
    "@kubernetes(labels={'a': 1})",
    "@kubernetes(port=70000)",
    "@kubernetes(security_context={'run_as_user': 'root'})",
    "@kubernetes(node_selector='a')",
    "@retry(times=None)",
    "@retry(backoff=0.5)",
    "@foreach",
    "@foreach(max_concurrency=None)",
    "@retry(backoff=None)",
    "@retry(jitter=1)",
    "@retry(max_minutes_between_retries=1)",
    "@retry(minutes_between_retries=31, max_minutes_between_retries=30)",
    "@timeout(seconds=0)",
    "@secrets",
    "@secrets(sources=[])",
    "@secrets(sources='x')",
    "@secrets(sources=[{'type': 'inline', 'role': 3}])",
    "@secrets(sources=[{'type': 'kubernetes'}])",
    "@secrets(sources=['aws-secret-manager.x'])",
    "@secrets(sources=[{'type': 'vault', 'id': 'x'}])",
    "@pypi(packages={'pandas': 2.1})",
    "@pypi(packages=['pandas'])",
    "@pypi(python=3.11)",
    "@card(rank='first')",
    "@environment(vars=None)",
]
FAULTY_ABOVE = [
    "@schedule(daily=False)",
    "@schedule(hourly=True, weekly=True)",
    "@schedule(cron='0 6 * *')",
    "@schedule(cron='0 25 * * *')",
    "@schedule(cron='0 6 * * * *')",
    "@schedule(cron='every day')",
    "@schedule(timezone='Berlin time')",
    "@project",
    "@project(name='My-Project')",
    "@project(name=None)",
    "@trigger",
    "@trigger(event='a', events=['b'])",
    "@trigger(events=['a', {'name': 'a'}])",
    "@trigger(event={'nmae': 'a'})",
    "@trigger(event={'name': 'a', 'parameters': {'p': 1}})",
    "@trigger(event={'name': 'a', 'parameters': {'nope': 'x'}})",
    "@trigger(events=['b', {'name': 'a', 'parameters': [('nope', 'x')]}])",
    "@trigger_on_finish(flow=3)",
    "@trigger_on_finish(flow='The flow')",
    "@trigger_on_finish(flow='p..Flow')",
    "@trigger_on_finish(flow={'name': 'no-class'})",
    "@trigger_on_finish(flows=[{'project': 'p'}])",
    "@exit_hook",
    "@exit_hook(on_error=[notfy])",
    "@exit_hook(on_error=[lambda: 1])",
    "@exit_hook(on_error=['team.pager.'])",
    "@exit_hook(on_error=[team.pager.call])",
]


MAPPINGS = [
    ("event={'name': 'a', 'parameters': {'ALPHA': 'f'}}", []),
    ("events=['b', {'name': 'a', 'parameters': ['alpha', ('my-count', 'z')]}]", []),
    ("events=['b', {'name': 'a', 'parameters': ['alpha', ('my-cuont', 'z')]}]", ["did you mean `my-count`?"]),
    ("event={'name': 'a', 'parameters': {'f': 'alpha'}}", ["`parameters` goes from parameters to the event's fields"]),
]


@pytest.mark.parametrize(("arguments", "help"), MAPPINGS)
def test_events_give_values_to_parameters_that_there_are(arguments: str, help: list[str]) -> None:
    body = "alpha = Parameter('alpha', default=1)\ncount = Parameter('my-count', default=1)\n"
    assert [one.help for one in read(body, above=f"@trigger({arguments})").diagnostics] == help


def test_parameters_that_are_not_understood_may_be_those_that_an_event_names() -> None:
    above = "@trigger(event={'name': 'a', 'parameters': {'alpha': 'f'}})"
    assert codes(read("alpha = Parameter(print(), default=1)\n", above=above)) == ["FC501"]


@pytest.mark.parametrize("line", FAULTY)
def test_faulty_on_a_step(line: str) -> None:
    assert codes(read("", on_step=line)) == ["FC503"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("mode='inline', max_concurrency=10_000", []),
        ("mode='distribute'", ["FC503"]),
        ("max_concurrency=0", ["FC503"]),
        ("max_concurrency=10_001", ["FC503"]),
        ("max_concurrency=1.5", ["FC503"]),
    ],
)
def test_what_foreach_takes(arguments: str, fault: list[str]) -> None:
    done = compile_files(f"""
        from flowc import FlowSpec, foreach, step

        class Sample(FlowSpec):
            @foreach({arguments})
            @step
            def start(self):
                self.items = [1, 2]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                print(self.input)
                self.next(self.end)

            @step
            def end(self, inputs):
                pass
        """)
    assert codes(done) == fault


@pytest.mark.parametrize("line", FAULTY_ABOVE)
def test_faulty_above_the_class(line: str) -> None:
    assert codes(read("", head=HEAD, above=line)) == ["FC503"]


@pytest.mark.parametrize(("name", "takes"), [*STEP_DECORATORS.items(), *FLOW_DECORATORS.items()])
def test_editors_are_shown_what_the_compiler_takes(name: str, takes: object) -> None:
    assert isinstance(takes, dict)
    signature = inspect.signature(getattr(decorators, name))
    assert list(signature.parameters) == list(takes)
    for argument in signature.parameters.values():
        kind = takes[argument.name]
        assert kind.optional == ("None" in str(argument.annotation)) or kind.special, f"{argument} of @{name}"
