"""From what a flow file says of itself to the job that runs it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from skafd.errors import DeployError
from skafd.metaflow.cron import convert
from skafd.model.environment import EnvironmentWish
from skafd.model.flow import Flow, FlowStep, StepKind, finish_event_of
from skafd.model.limits import Limits
from skafd.model.project import Job, OnDeploy, Parameter, Schedule, Trigger, TriggerKind, all_of

Description = Mapping[str, Any]
"""What `python flow.py skafd describe` writes."""
_ELSEWHERE = ("kubernetes", "batch")
"""Metaflow's own runtime has to hand such steps over; what they say of resources is for there."""
_OF_AIRFLOW = {
    "airflow_s3_key_sensor": "is Airflow's",
    "airflow_external_task_sensor": "is Airflow's",
}
BY_PYPI = "pypi"
"""As `SKAFD_METAFLOW_CONDA`: the packages of @conda are taken from PyPI, by the same names."""
_TYPES = {"int": "int", "float": "float", "bool": "bool", "JSON": "json"}
_MEGABYTE = 2**20


def compile_flow(job: Job, description: Description, file: str, options: tuple[str, ...]) -> Job:
    """The job with its flow. Raises DeployError, with file and line, for what this machine cannot do."""
    _refuse(description, file)
    parameters = tuple(_parameter(one) for one in description["parameters"])
    schedules = job.schedules or _schedules(description, file)
    required = [one["name"] for one in description["parameters"] if one["is_required"] and one["default"] is None]
    if required and schedules:
        raise DeployError(
            f"{file}: the parameter {required[0]} is required, and nobody gives it when the schedule is due",
            "give it a default, or write `schedule: {cron: ..., params: {...}}` for the job",
        )
    return replace(
        job,
        flow=_flow(description, file, options),
        parameters=parameters,
        schedules=schedules,
        triggers=job.triggers or _triggers(description),
        on_deploy=OnDeploy.WAIT if required else job.on_deploy,
    )


def _flow(description: Description, file: str, options: tuple[str, ...]) -> Flow:
    configs = description["configs"]
    return Flow(
        name=description["flow"],
        file=file,
        start=description["start"],
        steps=tuple(_step(one, description) for one in description["steps"]),
        options=tuple(dict.fromkeys((*_without_values(options), *description["options"]))),
        metadata=description["metadata"],
        environment=description["environment"],
        datastore=description["datastore"],
        datastore_root="" if description["datastore"] == "local" else description["datastore_root"],
        configs=None if configs is None else json.dumps(configs),
        tags=tuple(description.get("tags", ())),
        production_token=description.get("production_token"),
        namespace=description.get("namespace"),
        python=description.get("python", ""),
        folder=description.get("folder", ""),
        finish_event=finish_event_of(description["project"].get("project_flow_name") or description["flow"]),
        on_success=tuple(description["on_success"]),
        on_error=tuple(description["on_error"]),
    )


def _without_values(options: Iterable[str]) -> tuple[str, ...]:
    """Options of the entrypoint but those that the description has already taken in: decorators and configs."""
    kept: list[str] = []
    left_out = ("--with", "--config", "--config-value", "--branch", "--production")
    waiting = list(options)
    while waiting:
        option = waiting.pop(0)
        name, has_value, _ = option.partition("=")
        if name not in left_out:
            kept.append(option)
        elif not has_value:
            taken = {"--with": 1, "--branch": 1, "--config": 2, "--config-value": 2}.get(name, 0)
            waiting = waiting[taken:]
    return tuple(kept)


def _step(step: Mapping[str, Any], description: Description) -> FlowStep:
    by_name = {one["name"]: one["attributes"] for one in step["decorators"]}
    retry = by_name.get("retry")
    is_elsewhere = any(name in by_name for name in _ELSEWHERE)
    return FlowStep(
        name=step["name"],
        kind=StepKind(step["kind"]),
        next=tuple(step["next"]),
        is_repeated=step["is_repeated"],
        line=step["line"],
        limits=_limits(None if is_elsewhere else by_name.get("resources")),
        retries=None if retry is None else max(step["user_retries"], default=0),
        fallbacks=max(step["error_retries"], default=0),
        retry_delay_seconds=_delay(retry, description.get("most_retry_delay_seconds")),
        timeout_seconds=None if is_elsewhere else _timeout(step["timeout"]),
        environment=tuple((name, str(value)) for name, value in by_name.get("environment", {}).get("vars", {}).items()),
        wish=_wish(by_name, description),
        is_elsewhere=is_elsewhere,
        decorators=tuple(step["with"]),
    )


def _delay(retry: Mapping[str, Any] | None, most_seconds: float | None) -> float:
    seconds = 60.0 * float(retry["minutes_between_retries"]) if retry else 0.0
    return seconds if most_seconds is None else min(seconds, most_seconds)


def _wish(decorators: Mapping[str, Mapping[str, Any]], description: Description) -> EnvironmentWish | None:
    """The environment of `@pypi` or `@conda`; it needs Metaflow too, the same."""
    kind, found = _packages_of(decorators)
    if found is None:
        return None
    named = {str(name): str(version).strip() for name, version in (found.get("packages") or {}).items()}
    python = _python(found.get("python"))
    own = {"metaflow": description["metaflow"], "requests": ""}
    is_conda = kind == "conda" and description.get("conda_by") != BY_PYPI
    lines = tuple(f"{name}{_constraint(version)}" for name, version in (own if is_conda else {**own, **named}).items())
    if not is_conda:
        _refuse_channels(named)
        return EnvironmentWish(python=python, packages=lines)
    specs = tuple(f"{name} {_spec(version)}".strip() for name, version in named.items())
    channels = tuple(description.get("conda_channels", ()))
    return EnvironmentWish(python=python, packages=lines, conda_packages=specs, conda_channels=channels)


def _refuse_channels(names: Iterable[str]) -> None:
    for name in names:
        if "::" in name:
            raise DeployError(
                f"{name} names a conda channel, and SKAFD_METAFLOW_CONDA takes the packages of @conda from PyPI",
                "write it without the channel, or take the setting away",
            )


def _packages_of(decorators: Mapping[str, Mapping[str, Any]]) -> tuple[str, Mapping[str, Any] | None]:
    for name in ("pypi", "conda"):
        found = decorators.get(name)
        if found is not None and not found.get("disabled"):
            return name, found
    return "", None


def _spec(version: str) -> str:
    """As conda writes which versions are wanted."""
    return version if not version or version[0] in "=<>!~" or "*" in version else f"=={version}"


def _constraint(version: str) -> str:
    if not version or version[0] in "=<>!~@":
        return version
    return f" @ {version}" if "://" in version else f"=={version}"


def _python(version: str | None) -> str | None:
    return str(version).rstrip("*").rstrip(".") if version else None


def _timeout(seconds: int) -> float | None:
    """The step ends itself after `seconds`; skafd ends it where it cannot."""
    grace_seconds = 30.0
    return seconds + grace_seconds if seconds else None


def _limits(resources: Mapping[str, Any] | None) -> Limits:
    if resources is None:
        return Limits()
    return Limits(
        cpu=float(resources["cpu"]) if resources.get("cpu") else None,
        memory_bytes=int(float(resources["memory"]) * _MEGABYTE) if resources.get("memory") else None,
        gpu=int(resources.get("gpu") or 0),
    )


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    return Parameter(parameter["name"], _TYPES.get(parameter["type"], "string"), parameter["default"])


def _schedules(description: Description, file: str) -> tuple[Schedule, ...]:
    schedule = description["schedule"]
    if schedule is None:
        return ()
    try:
        return (Schedule(convert(schedule["cron"]), timezone=schedule["timezone"] or "UTC"),)
    except ValueError as error:
        raise DeployError(f"{file}: @schedule: {error}", "write it as a cron of five fields") from error


def _triggers(description: Description) -> tuple[Trigger, ...]:
    waits = [
        Trigger(TriggerKind.EVENT, event["name"], fields=tuple(event["parameters"].items()))
        for event in description["events"]
    ]
    waits += [Trigger(TriggerKind.EVENT, finish_event_of(name)) for name in description["finished"]]
    return all_of(waits) if len(waits) > 1 else tuple(waits)


def _refuse(description: Description, file: str) -> None:
    for step in description["steps"]:
        for decorator in step["decorators"]:
            name = decorator["name"]
            where = f"{file}:{step['line']}: @{name} of the step {step['name']}"
            if name in _OF_AIRFLOW:
                raise DeployError(f"{where} {_OF_AIRFLOW[name]}", _LOCAL_HINT)


_LOCAL_HINT = "take the decorator away; `on:` of the job says what it waits for"
