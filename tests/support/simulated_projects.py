"""Projects of random shape, for simulated machines."""

from __future__ import annotations

import random

from skafd.model.ids import JobId, ProjectId
from skafd.model.limits import Limits, Resources
from skafd.model.project import (
    CatchUp,
    DependencyRule,
    Generation,
    Job,
    OnDeploy,
    Overlap,
    Project,
    Retry,
    Schedule,
    Trigger,
    TriggerKind,
    UpdatePolicy,
)

EVENTS = ("ready", "closed", "nobody")
_WAITED_FOR = (
    *((TriggerKind.EVENT, name) for name in EVENTS[:2]),
    *((TriggerKind.PROJECT, name) for name in ("p0", "p1/j0", "p2/j1", "p0/j2")),
)
"""Events that projects wait for, each other's success among them: they may well wait in a circle."""
_SCHEDULES = ("0 11 * * *", "30 2 * * *", "*/30 * * * *", "@hourly", "0 6 * * 1-5", "every 4 hours", "0 0 1 * *")
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
_NAMES = tuple(JobId(f"j{number}") for number in range(8))
_CATCH_UPS, _RULES, _DEPLOYS, _POLICIES = tuple(CatchUp), tuple(DependencyRule), tuple(OnDeploy), tuple(UpdatePolicy)
_OVERLAPS = (Overlap.QUEUE, Overlap.SKIP, Overlap.CANCEL)


def random_project(dice: random.Random, project: ProjectId) -> Project:
    """One to eight jobs that depend on each other, on time and on events."""
    names = _NAMES[: dice.randint(1, 8)]
    jobs = tuple(_job(dice, name, names[:position]) for position, name in enumerate(names))
    return Project(project, Generation.JOBS, jobs, update_policy=dice.choice(_POLICIES))


def _job(dice: random.Random, name: JobId, before: tuple[JobId, ...]) -> Job:
    return Job(
        name,
        name,
        "it.py",
        schedules=_schedules(dice) if dice.random() < 0.4 else (),
        triggers=_triggers(dice) if dice.random() < 0.15 else (),
        dependencies=tuple(other for other in before if dice.random() < 0.3),
        dependency_rule=dice.choice(_RULES),
        parallelism=dice.choice((1, 1, 1, 3, 12)),
        max_parallel=dice.choice((None, None, 2)),
        max_runs=dice.choice((None, None, None, 20)),
        resources=Resources(limits=Limits(dice.choice((None, 0.5, 3, 9)), dice.choice((None, 2**31, 7 * 2**30)))),
        retry=Retry(dice.choice((0, 0, 2)), dice.choice((0, 20)), 2),
        catch=dice.random() < 0.2,
        on_deploy=dice.choice(_DEPLOYS),
    )


def _schedules(dice: random.Random) -> tuple[Schedule, ...]:
    within = dice.choice((None, 3600.0))
    catch_up, overlap = dice.choice(_CATCH_UPS), dice.choice(_OVERLAPS)
    return (Schedule(dice.choice(_SCHEDULES), dice.choice(_ZONES), catch_up, within, overlap),)


def _triggers(dice: random.Random) -> tuple[Trigger, ...]:
    waited_for = dice.sample(_WAITED_FOR, dice.randint(1, 2))
    return tuple(Trigger(kind, name, overlap=dice.choice(_OVERLAPS)) for kind, name in waited_for)
