"""Projects of random shape, for simulated machines: every key of a config that the engine reads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from skafd.model.ids import JobId, ProjectId
from skafd.model.limits import Limits, Resources
from skafd.model.project import (
    RETRIED,
    CatchUp,
    DependencyRule,
    Foreach,
    Generation,
    Job,
    OnDeploy,
    Overlap,
    Parameter,
    Project,
    Retry,
    Schedule,
    Trigger,
    TriggerKind,
    UpdatePolicy,
    all_of,
)
from skafd.model.states import TaskState

T = TypeVar("T")
EVENTS = ("ready", "closed", "nobody")
FILES, WEBHOOK = "inbox/*.csv", "hook"
SIZE = "size"
"""The parameter that every second job declares; conditions ask for it."""
OWN_POOL, MACHINE_POOL = "db", "licence"
_SINGLE = (
    *((TriggerKind.EVENT, name) for name in EVENTS[:2]),
    (TriggerKind.FILE, FILES),
    (TriggerKind.WEBHOOK, WEBHOOK),
    *((TriggerKind.PROJECT, name) for name in ("p0", "p1/j0", "p2/j1", "p0/j2")),
)
"""What jobs wait for, each other's success among it: they may well wait in a circle."""
_EXPRESSIONS = (
    *("0 11 * * *", "30 2 * * *", "*/30 * * * *", "@hourly", "0 6 * * 1-5", "every 4 hours", "0 0 1 * *", "0 9 L * *"),
    *("daily at 02:30", "every weekday at 6pm", "0,20 */6 * * *"),
)
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
_NAMES = tuple(JobId(f"j{number}") for number in range(8))
_CLOSING = JobId("closing")
_CATCH_UPS, _RULES, _DEPLOYS, _POLICIES = tuple(CatchUp), tuple(DependencyRule), tuple(OnDeploy), tuple(UpdatePolicy)
_OVERLAPS = tuple(Overlap)
_GROWTHS = ((RETRIED, 1.0), (RETRIED, 1.0), ((*RETRIED, TaskState.OOM_KILLED), 1.0), ((TaskState.OOM_KILLED,), 1.5))
_LIMITS = tuple(
    Resources(limits=Limits(cpu, memory, gpu))
    for cpu in (None, 0.5, 3, 9)
    for memory in (None, 2**31, 7 * 2**30)
    for gpu in (0, 0, 0, 1)
)
_POOLS = ((), (), (), (), (OWN_POOL,), (MACHINE_POOL,), (OWN_POOL, MACHINE_POOL))


def pick(dice: random.Random, ones: Sequence[T]) -> T:
    """As `dice.choice`, which takes three times as long."""
    return ones[int(dice.random() * len(ones))]


def random_project(dice: random.Random, project: ProjectId) -> Project:
    """One to eight jobs that depend on each other, on time and on events."""
    names = _NAMES[: dice.randint(1, 8)]
    jobs = [_job(dice, name, names[:position]) for position, name in enumerate(names)]
    if dice.random() < 0.15:
        jobs.append(Job(_CLOSING, _CLOSING, "it.py", always=True))
    return Project(
        project,
        Generation.JOBS,
        tuple(jobs),
        update_policy=pick(dice, _POLICIES),
        timeout_seconds=pick(dice, (None, None, None, 7200.0)),
        pools=pick(dice, ((), ((OWN_POOL, 2),))),
    )


def changed_project(dice: random.Random, config: Project) -> Project:
    """The same but for one job, or for when that is due."""
    jobs = list(config.jobs)
    place = dice.randrange(len(jobs))
    if not jobs[place].always:
        before = tuple(job.id for job in jobs[:place])
        new = _job(dice, jobs[place].id, before)
        jobs[place] = replace(jobs[place], schedules=new.schedules) if dice.random() < 0.5 else new
    return replace(config, jobs=tuple(jobs))


def _job(dice: random.Random, name: JobId, before: tuple[JobId, ...]) -> Job:
    dependencies = tuple(other for other in before if dice.random() < 0.3)
    outcomes, factor = pick(dice, _GROWTHS)
    return Job(
        name,
        name,
        "it.py",
        schedules=_schedules(dice) if dice.random() < 0.4 else (),
        triggers=_triggers(dice) if dice.random() < 0.2 else (),
        dependencies=dependencies,
        dependency_rule=pick(dice, _RULES),
        parallelism=pick(dice, (1, 1, 1, 3, 24)),
        max_parallel=pick(dice, (None, None, 2)),
        max_runs=pick(dice, (None, None, None, 20)),
        resources=pick(dice, _LIMITS),
        retry=Retry(pick(dice, (0, 0, 2)), pick(dice, (0, 20)), 2, pick(dice, (0, 10)), outcomes, factor),
        catch=dice.random() < 0.2,
        on_deploy=pick(dice, _DEPLOYS),
        pools=pick(dice, _POOLS),
        priority=pick(dice, (0, 0, 0, 5, -3)),
        need=pick(dice, (1.0, 1.0, 1.0, 0.5)),
        foreach=_foreach(dice, dependencies),
        parameters=(Parameter(SIZE, "int", "2"),) if name in _NAMES[::2] else (),
        when=_condition(dice, name, dependencies) if dice.random() < 0.15 else "",
    )


def _foreach(dice: random.Random, dependencies: tuple[JobId, ...]) -> Foreach | None:
    found = dice.random()
    if found < 0.08:
        return Foreach(items=tuple(f"item {number}" for number in range(pick(dice, (1, 4, 40)))))
    if found < 0.14:
        return Foreach(glob="*.csv")
    return Foreach(job=pick(dice, dependencies)) if found < 0.25 and dependencies else None


def _condition(dice: random.Random, name: JobId, dependencies: tuple[JobId, ...]) -> str:
    of_jobs = [f"jobs.{one}.failed == 0" for one in dependencies] + [
        f"jobs.{one}.state == 'succeeded'" for one in dependencies
    ]
    of_parameters = [f"params.{SIZE} > 2"] if name in _NAMES[::2] else []
    return pick(dice, [*of_jobs, *of_parameters, ""])


def _schedules(dice: random.Random) -> tuple[Schedule, ...]:
    """One overlap and one jitter for all of them, which belong to the job."""
    overlap, jitter_seconds = pick(dice, _OVERLAPS), pick(dice, (0.0, 0.0, 300.0))
    return tuple(
        Schedule(
            pick(dice, _EXPRESSIONS),
            pick(dice, _ZONES),
            pick(dice, _CATCH_UPS),
            pick(dice, (None, 3600.0)),
            overlap,
            excluded=pick(dice, ((), (), ("2030-01-03", "2030-01-07"))),
            start=pick(dice, (None, None, None, "2030-01-02")),
            end=pick(dice, (None, None, None, "2030-02-01")),
            jitter_seconds=jitter_seconds,
            parameters=pick(dice, ((), ((SIZE, "5"),))),
        )
        for _ in range(pick(dice, (1, 1, 2)))
    )


def _triggers(dice: random.Random) -> tuple[Trigger, ...]:
    """One overlap for all of them, so that it can be told from outside which counts."""
    overlap = pick(dice, _OVERLAPS)
    ones = [
        Trigger(kind, name, overlap=overlap, parameters=pick(dice, ((), ((SIZE, "7"),))))
        for kind, name in dice.sample(_SINGLE, dice.randint(1, 4))
    ]
    if len(ones) == 1 or dice.random() < 0.3:
        return tuple(ones)
    alone = pick(dice, (0, 0, 1))
    together = all_of(ones[alone:], pick(dice, (None, 1800.0, 86400.0)))
    return (*(replace(one, overlap=overlap) for one in ones[:alone]), *together)
