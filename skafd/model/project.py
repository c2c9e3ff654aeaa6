"""A project as its config describes it, resolved: every default filled in, every unit converted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from skafd.model.compute import RayCompute
from skafd.model.environment import EnvironmentWish
from skafd.model.flow import Flow, FlowStep
from skafd.model.ids import JobId
from skafd.model.limits import Resources
from skafd.model.spark import SparkWish
from skafd.model.states import TaskState


class Generation(StrEnum):
    """Which of the config's shapes was read, oldest last."""

    JOBS = "jobs"
    PROJECT_TASKS = "project_tasks"
    FLAT = "flat"


class UpdatePolicy(StrEnum):
    """What a new deployment does to the tasks that run on the old one."""

    RESTART_NONE = "restart_none"
    RESTART_ALL = "restart_all"


class CatchUp(StrEnum):
    """Which occurrences missed while skafd was not looking are still run."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


class Overlap(StrEnum):
    """What an occurrence does when the job's last scheduled task has not ended."""

    QUEUE = "queue"
    SKIP = "skip"
    CANCEL = "cancel"
    ALLOW = "allow"


class DependencyRule(StrEnum):
    """How many of a job's dependencies must have succeeded since its own last start."""

    ALL = "all"
    ANY = "any"


class OnDeploy(StrEnum):
    """Whether an unscheduled root job runs once per deployment."""

    RUN = "run"
    WAIT = "wait"


class RunAs(StrEnum):
    """Whose rights the jobs have, where skafd runs as root."""

    OWNER = "owner"
    """Those of whom the project folder belongs to."""
    ROOT = "root"


class Isolation(StrEnum):
    """How much of the machine a job sees."""

    NORMAL = "normal"
    STRICT = "strict"
    """Nothing that it could disturb: its own /tmp and processes, other folders read-only or hidden."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due. `expression` is one of the forms that `skafd.schedule` reads."""

    expression: str
    timezone: str = "UTC"
    catch_up: CatchUp = CatchUp.LATEST
    within_seconds: float | None = None
    """A missed occurrence older than this is not caught up."""
    overlap: Overlap = Overlap.QUEUE
    excluded: tuple[str, ...] = ()
    """Local days without an occurrence, as ISO dates."""
    start: str | None = None
    """The first local day or time that counts, in ISO 8601."""
    end: str | None = None
    """The last local day or time that counts."""
    jitter_seconds: float = 0.0
    """An occurrence starts up to this much later, always the same for the same job and instant."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Given to the runs that it sets off."""


class JobType(StrEnum):
    """What a job is."""

    JOB = "job"
    SERVICE = "service"
    METAFLOW = "metaflow"


FLOW_RETRIED = (TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST, TaskState.OOM_KILLED)
"""Metaflow tries a step again however it failed."""
FLOW_CPU = 1.0
"""Set aside for each process of a step that does not say how much it needs, as Metaflow has it; not a limit."""
FLOW_FINAL_CODE = 202
"""By which a step says that it is not to be tried again."""
MOST_FLOW_RETRIES = 5
"""Metaflow takes no notice of a seventh attempt."""


class TriggerKind(StrEnum):
    """What a job may wait for besides time."""

    FILE = "file"
    PROJECT = "project"
    WEBHOOK = "webhook"
    EVENT = "event"


STABLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Trigger:
    """What sets off a job from outside of its project, or of its run."""

    kind: TriggerKind
    name: str
    """A pattern of paths; `other` or `other/job`; the name of a webhook, or of an event."""
    stable_seconds: float = STABLE_SECONDS
    """A file has arrived when it has not changed for so long."""
    is_batch: bool = False
    """Files that have arrived together share a run."""
    overlap: Overlap = Overlap.QUEUE
    parameters: tuple[tuple[str, str], ...] = ()
    """Given to the runs that it sets off."""
    fields: tuple[tuple[str, str], ...] = ()
    """Parameters that are called otherwise in the event: the parameter, and the event's name for it."""
    together: str = ""
    """Names the events, this one among them, that must all have come, as `all_of` does; empty where it suffices."""
    within_seconds: float | None = None
    """An event that came so much earlier than another of them counts no more; None where it waits for ever."""

    @property
    def label(self) -> str:
        """What it waits for, for people: `event month-closed`."""
        return f"{self.kind} {self.name}"


def all_of(triggers: Iterable[Trigger], within_seconds: float | None = None) -> tuple[Trigger, ...]:
    """The same, of which all must have come; each event is named once."""
    named = {trigger.label: trigger for trigger in triggers}
    together = ", ".join(named)
    return tuple(replace(one, together=together, within_seconds=within_seconds) for one in named.values())


GRACE_SECONDS = 10.0
RETRIED = (TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST)
"""Outcomes that are tried again where nothing is said of them: what would surely happen again is not among them."""


@dataclass(frozen=True, slots=True)
class Retry:
    """`times` more attempts; the n-th waits `delay_seconds * backoff ** (n - 1)`, and up to `jitter_seconds` more."""

    times: int = 0
    delay_seconds: float = 0.0
    backoff: float = 1.0
    jitter_seconds: float = 0.0
    outcomes: tuple[TaskState, ...] = RETRIED
    memory_factor: float = 1.0
    """After an out-of-memory kill the limit grows by it, up to the machine."""
    final_codes: tuple[int, ...] = ()
    """Exit codes by which a job says that another attempt is of no use."""


@dataclass(frozen=True, slots=True)
class Foreach:
    """Where the items of a job come from, one instance for each: exactly one of the three is given."""

    items: tuple[str, ...] | None = None
    glob: str | None = None
    """A pattern of paths in the project, looked up when the job becomes ready."""
    job: JobId | None = None
    """The dependency that publishes a JSON list."""

    @property
    def is_known(self) -> bool:
        """The items are in the config; otherwise they are found when the job becomes ready."""
        return self.items is not None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a run may be given: `SKAFD_PARAM_<NAME>` in the job's environment."""

    name: str
    type: str = "string"
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of `jobs:`."""

    id: JobId
    name: str
    entrypoint: str
    language: str = "python"
    schedules: tuple[Schedule, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    dependencies: tuple[JobId, ...] = ()
    dependency_rule: DependencyRule = DependencyRule.ALL
    parallelism: int = 1
    max_runs: int | None = None
    """Scheduled runs per deployment, after which the schedule is spent."""
    resources: Resources = Resources()
    retry: Retry = Retry()
    timeout_seconds: float | None = None
    grace_seconds: float = GRACE_SECONDS
    """Between the request to end itself and the end by force."""
    catch: bool = False
    """Dependents go on although this job failed; the failure stays visible."""
    always: bool = False
    """Runs at the end of its run, whatever happened in it."""
    when: str = ""
    """A condition, asked when the job becomes ready; it is skipped unless it holds."""
    foreach: Foreach | None = None
    max_parallel: int | None = None
    """Instances at once."""
    need: float = 1.0
    """The share of instances that must have succeeded for dependents to go on."""
    pools: tuple[str, ...] = ()
    """It takes a place in each of them."""
    priority: int = 0
    on_deploy: OnDeploy = OnDeploy.RUN
    outputs: tuple[str, ...] = ()
    """Patterns of files that are kept when an attempt has ended."""
    parameters: tuple[Parameter, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    type: JobType = JobType.JOB
    flow: Flow | None = None
    """What the flow file says, once it was compiled."""
    wish: EnvironmentWish = EnvironmentWish()
    """What the job asks of its environment, and the project where the job says nothing."""
    isolation: Isolation = Isolation.NORMAL
    ray: RayCompute | None = None
    """On which cluster it runs; None: on this machine."""
    kept: tuple[tuple[str, Any], ...] = ()
    """Valid keys whose feature this version does not have."""

    def for_step(self, step: FlowStep, processes: int = 1) -> Job:
        """The job as one step of its flow has it; where the step says nothing, what the job says counts."""
        retry = self.retry
        if step.retries is not None:
            retry = Retry(step.retries, step.retry_delay_seconds)
        times = min(retry.times + step.fallbacks, MOST_FLOW_RETRIES)
        return replace(
            self,
            resources=self.resources.with_limits(step.limits, processes).with_cpu(FLOW_CPU * processes),
            retry=replace(retry, times=times, outcomes=FLOW_RETRIED, final_codes=(FLOW_FINAL_CODE,)),
            timeout_seconds=self.timeout_seconds if step.timeout_seconds is None else step.timeout_seconds,
            environment=(*self.environment, *step.environment),
        )

    @property
    def has_occasions(self) -> bool:
        """Schedules or events set it off: it is in a run that somebody else's set off for no other reason."""
        return bool(self.schedules or self.triggers)

    @property
    def is_service(self) -> bool:
        """It is not meant to end."""
        return self.type is JobType.SERVICE

    @property
    def has_instances(self) -> bool:
        """Its tasks are told apart by a number."""
        return self.parallelism > 1 or self.foreach is not None


@dataclass(frozen=True, slots=True)
class Project:
    """One `metis.config.yml`. `kept` holds valid keys whose feature this version does not have."""

    name: str
    generation: Generation
    jobs: tuple[Job, ...]
    token: str | None = None
    timezone: str = "UTC"
    python: str | None = None
    wish: EnvironmentWish = EnvironmentWish()
    """What the project asks of the environment of its jobs."""
    environment: tuple[tuple[str, str], ...] = ()
    add_ons: tuple[str, ...] = ()
    queue_url: str | None = field(default=None, repr=False)
    """A RabbitMQ in place of skafd's own queue; with its password."""
    spark: SparkWish | None = None
    """With the add-on `spark-cluster`."""
    update_policy: UpdatePolicy = UpdatePolicy.RESTART_NONE
    use_cache: bool = True
    timeout_seconds: float | None = None
    """A run that takes longer is ended, and has failed."""
    pools: tuple[tuple[str, int], ...] = ()
    """Names and places of the project's own pools."""
    run_as: RunAs = RunAs.OWNER
    kept: tuple[tuple[str, Any], ...] = ()

    def wish_of(self, job: Job | None) -> EnvironmentWish:
        """What the job asks of its environment; without one, what the project asks."""
        wish = job.wish if job else self.wish
        return replace(wish, python=wish.python or self.python)

    def job(self, job_id: JobId) -> Job:
        """The job with that id. Raises KeyError."""
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise KeyError(job_id)

    def find_jobs(self, name_or_id: str) -> tuple[Job, ...]:
        """The jobs with that id, else with that name (names need not be unique), else none."""
        by_id = tuple(job for job in self.jobs if job.id == name_or_id)
        return by_id or tuple(job for job in self.jobs if job.name.strip() == name_or_id.strip())
