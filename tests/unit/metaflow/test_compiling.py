"""What a flow says of itself, as a job."""

from __future__ import annotations

from typing import Any

import pytest

from skafd.errors import DeployError
from skafd.metaflow.compiling import compile_flow
from skafd.model.environment import EnvironmentWish
from skafd.model.flow import FlowStep, StepKind
from skafd.model.limits import Limits
from skafd.model.project import OnDeploy, Parameter, Schedule, Trigger, TriggerKind
from tests.support.world import job, using


def step(
    name: str, *following: str, decorators: dict[str, dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    listed = [{"name": kind, "attributes": attributes} for kind, attributes in (decorators or {}).items()]
    return {
        "name": name,
        "kind": "linear",
        "next": following,
        "is_repeated": False,
        "line": 7,
        "timeout": 0,
        "user_retries": [],
        "error_retries": [],
        "decorators": listed,
        "with": [],
        **more,
    }


def description(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "flow": "Flow",
        "start": "start",
        "steps": steps or [step("start", "end"), step("end")],
        "parameters": [],
        "options": [],
        "configs": None,
        "metadata": "local",
        "datastore": "local",
        "datastore_root": "/x",
        "environment": "local",
        "metaflow": "2.19.39",
        "schedule": None,
        "events": [],
        "finished": [],
        "project": {},
        "on_success": [],
        "on_error": [],
        **more,
    }


def parameter(name: str, kind: str, default: str | None = None, is_required: bool = False) -> dict[str, Any]:
    return {"name": name, "type": kind, "default": default, "is_required": is_required}


def test_what_decorators_say_counts_for_the_step() -> None:
    decorators: dict[str, dict[str, Any]] = {
        "retry": {"times": "2", "minutes_between_retries": "3"},
        "resources": {"cpu": "2", "memory": "512", "gpu": 1},
        "environment": {"vars": {"COLOR": "red"}},
    }
    found = step("start", decorators=decorators, user_retries=[0, 2], error_retries=[3, 0], timeout=60)
    compiled = compile_flow(job("flow"), description(found), "flow.py", ())
    assert compiled.flow is not None
    assert compiled.flow.steps == (
        FlowStep(
            "start",
            StepKind.LINEAR,
            line=7,
            limits=Limits(2, 512 * 2**20, 1),
            retries=2,
            fallbacks=3,
            retry_delay_seconds=180,
            timeout_seconds=90,
            environment=(("COLOR", "red"),),
        ),
    )
    whole = compiled.for_step(compiled.flow.steps[0])
    assert (whole.retry.times, whole.retry.delay_seconds, whole.timeout_seconds) == (5, 180, 90)
    assert dict(whole.environment)["COLOR"] == "red"


def test_a_step_that_says_nothing_has_one_cpu_set_aside_and_no_limit() -> None:
    compiled = compile_flow(job("flow"), description(), "flow.py", ())
    assert compiled.flow is not None
    whole = compiled.for_step(compiled.flow.steps[0], 3)
    assert (whole.resources.limits, whole.resources.reserved().cpu) == (Limits(), 3.0)
    asked = compile_flow(job("flow", resources=using(cpu=0.5)), description(), "flow.py", ())
    assert asked.for_step(compiled.flow.steps[0]).resources.reserved().cpu == 0.5


def test_parameters_are_those_of_the_job() -> None:
    given = [parameter("alpha", "int", "3"), parameter("opts", "JSON", "{}"), parameter("data", "FilePath")]
    compiled = compile_flow(job("flow"), description(parameters=given), "flow.py", ())
    assert compiled.parameters == (
        Parameter("alpha", "int", "3"),
        Parameter("opts", "json", "{}"),
        Parameter("data", "string"),
    )


def test_a_flow_that_needs_a_parameter_is_not_run_by_itself() -> None:
    needed = [parameter("day", "str", is_required=True)]
    assert compile_flow(job("flow"), description(parameters=needed), "flow.py", ()).on_deploy is OnDeploy.WAIT
    with pytest.raises(DeployError, match="day is required"):
        compile_flow(
            job("flow"),
            description(parameters=needed, schedule={"cron": "0 * * * ? *", "timezone": None}),
            "flow.py",
            (),
        )


def test_the_schedule_of_the_config_counts_before_that_of_the_file() -> None:
    said = description(schedule={"cron": "0 0 ? * SUN *", "timezone": "Europe/Berlin"})
    assert compile_flow(job("flow"), said, "flow.py", ()).schedules == (Schedule("0 0 * * SUN", "Europe/Berlin"),)
    own = (Schedule("@daily"),)
    assert compile_flow(job("flow", schedules=own), said, "flow.py", ()).schedules == own


def test_events_and_other_flows_set_it_off() -> None:
    events = [{"name": "arrived", "parameters": {"day": "date"}}]
    compiled = compile_flow(job("flow"), description(events=events), "flow.py", ())
    assert compiled.triggers == (Trigger(TriggerKind.EVENT, "arrived", fields=(("day", "date"),)),)
    compiled = compile_flow(job("flow"), description(finished=["demo.prod.Other"]), "flow.py", ())
    assert compiled.triggers == (Trigger(TriggerKind.EVENT, "metaflow.demo.prod.Other.end"),)
    assert compiled.flow is not None
    assert compiled.flow.finish_event == "metaflow.Flow.end"
    project = {"project_flow_name": "demo.prod.Flow"}
    named = compile_flow(job("flow"), description(project=project), "flow.py", ()).flow
    assert named is not None
    assert named.finish_event == "metaflow.demo.prod.Flow.end"
    both = compile_flow(job("flow"), description(events=[*events, {"name": "paid", "parameters": {}}]), "flow.py", ())
    assert {one.together for one in both.triggers} == {"event arrived, event paid"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("airflow_s3_key_sensor", "flow.py:7: @airflow_s3_key_sensor of the step start is Airflow's"),
    ],
)
def test_what_this_machine_cannot_do_is_refused_with_its_line(name: str, reason: str) -> None:
    with pytest.raises(DeployError, match=reason):
        compile_flow(job("flow"), description(step("start", decorators={name: {}})), "flow.py", ())


def test_a_step_may_ask_for_packages_of_its_own() -> None:
    packages = {"pandas": "2.2.0", "numpy": ">=1.20", "anything": ""}
    asked = step("start", "end", decorators={"pypi": {"packages": packages, "python": "3.11.*", "disabled": False}})
    off = step("end", decorators={"pypi": {"packages": packages, "python": None, "disabled": True}})
    flow = compile_flow(job("flow"), description(asked, off), "flow.py", ()).flow
    assert flow is not None
    lines = ("metaflow==2.19.39", "requests", "pandas==2.2.0", "numpy>=1.20", "anything")
    assert [one.wish for one in flow.steps] == [EnvironmentWish("3.11", packages=lines), None]


def test_a_step_may_ask_conda_for_packages() -> None:
    packages = {"conda-forge::numpy": "1.26.4", "pandas": ">=2", "six": "1.*", "anything": ""}
    asked = step("start", "end", decorators={"conda": {"packages": packages, "python": "3.11.*"}})
    bare = step("end", decorators={"conda": {}})
    said = description(asked, bare, conda_channels=["https://conda.example/mine"])
    flow = compile_flow(job("flow"), said, "flow.py", ()).flow
    assert flow is not None
    own = ("metaflow==2.19.39", "requests")
    channels = ("https://conda.example/mine",)
    specs = ("conda-forge::numpy ==1.26.4", "pandas >=2", "six 1.*", "anything")
    assert [one.wish for one in flow.steps] == [
        EnvironmentWish("3.11", packages=own, conda_packages=specs, conda_channels=channels),
        EnvironmentWish(packages=own, conda_packages=(), conda_channels=channels),
    ]
    with pytest.raises(DeployError, match="conda-forge::numpy names a conda channel"):
        compile_flow(job("flow"), description(asked, conda_by="pypi"), "flow.py", ())
    del packages["conda-forge::numpy"]
    flow = compile_flow(job("flow"), description(asked, conda_by="pypi"), "flow.py", ()).flow
    assert flow is not None
    assert flow.steps[0].wish == EnvironmentWish("3.11", packages=(*own, "pandas>=2", "six==1.*", "anything"))


def test_what_a_step_elsewhere_says_of_resources_is_for_there() -> None:
    away = step("start", decorators={"batch": {}, "resources": {"memory": "64000"}}, timeout=60)
    flow = compile_flow(job("flow"), description(away), "flow.py", ()).flow
    assert flow is not None
    assert flow.steps[0] == FlowStep("start", StepKind.LINEAR, line=7, is_elsewhere=True)


def test_tests_of_flows_need_not_wait_for_retries() -> None:
    patient = step("start", decorators={"retry": {"minutes_between_retries": "3"}}, user_retries=[2])
    flow = compile_flow(job("flow"), description(patient, most_retry_delay_seconds=5.0), "flow.py", ()).flow
    assert flow is not None
    assert flow.steps[0].retry_delay_seconds == 5


def test_options_of_the_entrypoint_reach_each_command_but_what_was_taken_in() -> None:
    said = description(options=["--branch=b"], configs={"user_configs": {"c": [{"x": 1, "a": 2}, False]}})
    options = ("--with", "retry", "--config", "c", "c.json", "--branch", "b", "--package-suffixes=.txt")
    flow = compile_flow(job("flow"), said, "flow.py", options).flow
    assert flow is not None
    assert flow.options == ("--package-suffixes=.txt", "--branch=b")
    assert flow.configs == '{"user_configs": {"c": [{"x": 1, "a": 2}, false]}}'
