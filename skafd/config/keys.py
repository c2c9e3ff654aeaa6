"""Every key of `metis.config.yml`, in one table: the reader, the JSON Schema and the tests of the docs use it."""

from __future__ import annotations

from skafd.config.computes import COMPUTE
from skafd.config.shapes import Choice, Either, Flag, ListOf, Text, Whole
from skafd.config.tables import Key, Origin, Table, Variables
from skafd.config.values import (
    ADD_ON,
    ADD_ONS,
    ENVIRONMENT,
    INSIDE,
    ITEMS,
    MOST_INSTANCES,
    NAME,
    NOTIFY,
    PARAMETERS,
    POOLS,
    PYTHON,
    REQUIRED,
    REQUIREMENTS,
    RESOURCES,
    RETRY_DETAILS,
    SCALAR,
    SCHEDULE,
    SHARE,
    TIMEOUT,
    TRIGGERS,
)
from skafd.config.wishes import AS_OF
from skafd.model.entrypoint import Language
from skafd.model.project import DependencyRule, Isolation, JobType, OnDeploy, RunAs, UpdatePolicy

SKAFOS = Origin.SKAFOS


def _id(name: str) -> Key:
    return Key(name, NAME, "What the job is known by for ever; its name if not given.", SKAFOS, essential=True)


TASK_KEYS = (
    Key(
        "language",
        Choice(tuple(Language), "for a program in another language write `language: any` and its command"),
        "`python`, `r` or `bash`; `any` makes every entrypoint a command.",
        SKAFOS,
    ),
    Key(
        "entrypoint",
        SCALAR,
        "A script, a notebook, a command, or steps of these separated by `|`.",
        SKAFOS,
        misspellings=("command", "script", "cmd", "main", "file", "notebook"),
    ),
    Key("module", SCALAR, "A Python module, run as `python -m` does, in place of `entrypoint`."),
    Key("run", ListOf(SCALAR, single=True), "Steps as a list, in place of `entrypoint`.", SKAFOS),
    Key(
        "schedule",
        SCHEDULE,
        "When the job is due; without it, once per deployment.",
        SKAFOS,
        misspellings=("cron", "schedules", "every"),
    ),
    Key("resources", RESOURCES, "How much of the machine the job gets.", SKAFOS, misspellings=("resource",)),
    Key(
        "isolation",
        Choice(tuple(Isolation)),
        "`strict`: its own /tmp and processes; other folders are read-only or hidden.",
        misspellings=("sandbox",),
    ),
    Key("compute", COMPUTE, "Where the job runs: `local`, or `ray`, a cluster that is there."),
    Key("limits", REQUIRED, "`required`: refuse to deploy where the limits cannot be enforced."),
    Key(
        "parallelism",
        Whole(1, MOST_INSTANCES),
        "How many instances run at once.",
        SKAFOS,
        misspellings=("parallel", "instances", "replicas"),
    ),
    Key("max_runs", Whole(), "Scheduled runs per deployment, after which there are no more.", SKAFOS),
    Key(
        "retry",
        Either(scalar=Whole(0, 100), mapping=RETRY_DETAILS),
        "Further attempts when one fails.",
        misspellings=("retries",),
    ),
    Key("timeout", TIMEOUT, "An attempt that runs longer is ended.", misspellings=("timeout_seconds",)),
    Key(
        "grace",
        TIMEOUT,
        "How long a job that is to end has for it before it is ended by force; 10 s if not given.",
        misspellings=("kill_grace", "grace_period", "stop_timeout", "kill_timeout"),
    ),
    Key("catch", Flag(), "Dependents go on although this job failed.", misspellings=("continue_on_error",)),
    Key("on_deploy", Choice(tuple(OnDeploy)), "Whether a job without schedule and dependencies runs once deployed."),
    Key(
        "params",
        PARAMETERS,
        "Values a run may be given, as `SKAFD_PARAM_<NAME>`.",
        misspellings=("parameters", "args", "arguments"),
    ),
    Key("foreach", ITEMS, "One instance for each item of a list.", misspellings=("for_each", "matrix")),
    Key("max_parallel", Whole(1, MOST_INSTANCES), "So many instances at once.", misspellings=("max_concurrency",)),
    Key("need", SHARE, "The share of instances that must succeed for dependents to go on."),
    Key("always", Flag(), "Runs at the end of its run, whatever happened.", misspellings=("finally",)),
    Key("pool", ListOf(NAME, single=True), "The pools the job takes a place in."),
    Key("priority", Whole(-100, 100), "Goes before others that wait: each point counts as a minute of waiting."),
    Key("when", Text(), "A condition for the job to run.", misspellings=("if", "condition")),
    Key("on", TRIGGERS, "Events that start the job: files, other projects, webhooks, named events."),
    Key("outputs", ListOf(INSIDE, single=True), "Files that are kept as artifacts when an attempt has ended."),
    Key(
        "type",
        Choice(tuple(JobType)),
        "A job that ends, a service that does not, or a flow of Metaflow's.",
    ),
)
_SHARED_KEYS = (
    Key("env", Variables(), "Environment variables; secrets are set with `skafd env`.", misspellings=("envs",)),
    Key(
        "environment", ENVIRONMENT, "Variables as in the oldest files; or the path of a conda environment file.", SKAFOS
    ),
    Key("notify", NOTIFY, "Who is told of failures.", later=True, misspellings=("notifications", "alerts")),
    Key("requirements", REQUIREMENTS, "A requirements file other than `requirements.txt`, or requirements as a list."),
    Key(
        "python", PYTHON, "The interpreter of the environment, as uv understands it.", misspellings=("python_version",)
    ),
    Key("resolve_as_of", AS_OF, "Only packages published by that day count: `2018-11-01`; `auto`: the last commit's."),
)
_DEPENDENCY = Text("the id or name of a job")

JOB = Table(
    "a job",
    (
        _id("job_id"),
        _id("project_task_id"),
        _id("id"),
        Key("name", NAME, "What people call the job.", SKAFOS),
        Key(
            "dependencies",
            ListOf(_DEPENDENCY, single=True),
            "Jobs that must succeed first, by id or name.",
            SKAFOS,
            misspellings=("depends_on", "needs", "depends", "requires", "upstream", "after"),
        ),
        Key("trigger", Choice(tuple(DependencyRule)), "Whether all dependencies must have succeeded, or any one."),
        *TASK_KEYS,
        *_SHARED_KEYS,
    ),
    elsewhere=dict.fromkeys(("cpu", "memory", "gpu"), "under `resources:`, `limits:`")
    | {"requests": "under `resources:`"}
    | {
        name: f"under `schedule:`, as in `schedule: {{cron: ..., {name}: ...}}`"
        for name in ("timezone", "catch_up", "within", "overlap")
    }
    | dict.fromkeys(("update_policy", "use_cache", "add-ons", "project_token"), "at the top of the file"),
)
_PROJECT_KEYS = (
    Key("project_token", NAME, "What the project is known by for ever; its folder if not given.", SKAFOS),
    Key("name", NAME, "What people call the project; the folder's name if not given.", SKAFOS),
    Key("jobs", ListOf(JOB), "The jobs, in any order.", SKAFOS, essential=True),
    Key("project_tasks", ListOf(JOB), "The jobs, as they were called early in 2018.", SKAFOS, essential=True),
    Key(
        "update_policy",
        Choice(tuple(UpdatePolicy)),
        "What a deployment does to tasks that run: leave or restart.",
        SKAFOS,
    ),
    Key("use_cache", Flag(), "`false` builds the environment anew for each deployment.", SKAFOS),
    Key(
        "add-ons",
        ListOf(Either(scalar=Choice(ADD_ONS), mapping=ADD_ON)),
        "Services the project asks for.",
        SKAFOS,
        misspellings=("addons",),
    ),
    Key("pools", POOLS, "The project's own pools, with how many places each has."),
    Key(
        "run_as",
        Choice(tuple(RunAs)),
        "Whose rights the jobs have where skafd runs as root: `owner` of the folder; `root` only if that is root.",
        misspellings=("user", "run_as_user"),
    ),
    Key("timezone", Text(), "The zone schedules are read in; UTC if not given.", misspellings=("tz", "time_zone")),
    *_SHARED_KEYS,
)
_BESIDE_JOBS = ("language", "resources", "limits", "entrypoint", "schedule", "isolation", "compute")
_RUN_TIMEOUT = Key("timeout", TIMEOUT, "A run that takes longer is ended.")
_TOP_KEYS = (*_PROJECT_KEYS, _RUN_TIMEOUT, *(key for key in TASK_KEYS if key.name in _BESIDE_JOBS))


def _of_jobs(keys: tuple[Key, ...]) -> dict[str, str]:
    """Where those keys of a job belong that are none of `keys`."""
    names = {key.name for key in keys}
    return {key.name: "inside a job of `jobs:`" for key in JOB.keys if key.name not in names} | dict.fromkeys(
        ("cpu", "memory", "gpu"), "under `resources:`, `limits:`"
    )


PROJECT = Table("a project", _TOP_KEYS, elsewhere=_of_jobs(_TOP_KEYS))
"""The top of a file with `jobs:` or `project_tasks:`."""
FLAT = Table("a project", (*_PROJECT_KEYS, *TASK_KEYS), elsewhere=_of_jobs((*_PROJECT_KEYS, *TASK_KEYS)))
"""The top of a file that is one job itself."""
