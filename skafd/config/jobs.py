"""One entry of `jobs:`, or a whole flat file, to a job; all but its dependencies, which need the other jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skafd.config.computes import place_job
from skafd.config.foreach import build_foreach
from skafd.config.keys import JOB
from skafd.config.nodes import Mapping, Node, Scalar, plain, quote
from skafd.config.parameters import build_parameters
from skafd.config.problems import Code, Problems
from skafd.config.resources import build_resources, write_resources
from skafd.config.schedules import build_schedules, write_schedules
from skafd.config.shapes import Entry
from skafd.config.tables import Entries, Key
from skafd.config.triggers import build_triggers
from skafd.config.types import build_type, check_type
from skafd.config.wishes import build_wish
from skafd.model.entrypoint import Language, Step, parse_entrypoint
from skafd.model.ids import JobId
from skafd.model.project import GRACE_SECONDS, RETRIED, DependencyRule, Isolation, Job, OnDeploy, Retry
from skafd.model.states import TaskState

_ID_KEYS = ("job_id", "project_task_id", "id")
_PLACEHOLDER = re.compile(r"<.*>", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A job without its dependencies, and what is needed to report and to link it."""

    job: Job
    node: Node
    """Where its id stands, else the job itself."""
    entrypoint_node: Node
    steps: tuple[Step, ...]
    dependencies: tuple[Entry, ...]
    source: Mapping
    """All of it as it stands in the file."""
    written: dict[str, Any]
    """Texts of the report as they stand in the file, None for what does not."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the top of the file says for every job."""

    default_entrypoint: str | None = None
    """What runs where a job names nothing, if its language does not say."""
    timezone: str = "UTC"
    limits_required: bool = False
    folder: Path | None = None
    """Where files that the config names are, if they are to be looked for."""


def build_draft(entries: Entries, node: Mapping, defaults: Defaults, problems: Problems) -> Draft:
    """The job of these entries; what cannot be used is noted and left out."""
    identity, name, identity_node = _identify(entries, node, problems)
    language = Language(_value(entries, "language", Language.PYTHON))
    entrypoint, entrypoint_node = _entrypoint(entries, language, defaults, node, problems)
    schedule, resources = entries.get("schedule"), entries.get("resources")
    required = defaults.limits_required or "limits" in entries
    job = Job(
        id=JobId(identity),
        name=name,
        entrypoint=entrypoint,
        language=language,
        schedules=build_schedules(schedule, defaults.timezone, defaults.folder, problems),
        triggers=build_triggers(entries.get("on"), problems),
        dependency_rule=DependencyRule(_value(entries, "trigger", DependencyRule.ALL)),
        parallelism=_value(entries, "parallelism", 1),
        max_runs=_value(entries, "max_runs", None),
        resources=build_resources(resources, required, problems),
        retry=_retry(entries.get("retry")),
        timeout_seconds=_value(entries, "timeout", None),
        grace_seconds=_value(entries, "grace", GRACE_SECONDS),
        catch=_value(entries, "catch", False),
        always=_always(entries, problems),
        when=_value(entries, "when", ""),
        foreach=build_foreach(entries.get("foreach"), problems),
        max_parallel=_value(entries, "max_parallel", None),
        need=_value(entries, "need", 1.0),
        outputs=tuple(dict.fromkeys(item.value for item in _value(entries, "outputs", ()))),
        pools=tuple(dict.fromkeys(item.value for item in _value(entries, "pool", ()))),
        priority=_value(entries, "priority", 0),
        on_deploy=OnDeploy(_value(entries, "on_deploy", OnDeploy.RUN)),
        parameters=build_parameters(entries.get("params"), problems),
        environment=environment_of(entries),
        wish=build_wish(entries, defaults.folder, problems),
        isolation=Isolation(_value(entries, "isolation", Isolation.NORMAL)),
        type=build_type(entries.get("type")),
        kept=kept(entries, JOB.keys),
    )
    written = {
        "schedule": write_schedules(schedule),
        "parallelism": _text(entries.get("parallelism")),
        "max_runs": _text(entries.get("max_runs")),
        "resources": write_resources(resources),
    }
    steps = _steps(job, entrypoint_node, problems)
    check_type(job, steps, entries, entrypoint_node, problems)
    job = place_job(job, steps, entries, problems)
    dependencies = _value(entries, "dependencies", ())
    return Draft(job, identity_node, entrypoint_node, steps, dependencies, node, written)


def is_placeholder(text: str) -> bool:
    """Whether the text is a template's blank such as `<insert job id>`."""
    return _PLACEHOLDER.fullmatch(text) is not None


def environment_of(entries: Entries) -> tuple[tuple[str, str], ...]:
    """The variables of `environment:` and `env:`; the latter counts where both have one."""
    found: dict[str, str] = {}
    for key in ("environment", "env"):
        value = _value(entries, key, ())
        found |= dict(value) if isinstance(value, tuple) else {}
    return tuple(found.items())


def kept(entries: Entries, keys: Iterable[Key]) -> tuple[tuple[str, Any], ...]:
    """What was understood and has no place in the model yet."""
    names = [key.name for key in keys if key.later and key.name in entries]
    return tuple((name, plain(entries[name].node)) for name in names)


def _identify(entries: Entries, node: Mapping, problems: Problems) -> tuple[str, str, Node]:
    """Id, name, and where the id stands."""
    given = next((entries[key] for key in _ID_KEYS if key in entries), None)
    entry = given or entries.get("name")
    if entry is None:
        if not any(name.text in _ID_KEYS for name, _ in node.pairs):
            problems.error(Code.NAME, node, "this job has no name", "add `name:` with what people are to call it")
        return f"job in line {node.line}", f"job in line {node.line}", node
    if given and is_placeholder(given.value):
        hint = "write a name of your choice, or remove the line"
        problems.warn(
            Code.PLACEHOLDER, given.node, f"{quote(given.value)} is a template's blank, taken as the id", hint
        )
    return entry.value, _value(entries, "name", entry.value), entry.node


def _entrypoint(
    entries: Entries, language: Language, defaults: Defaults, node: Node, problems: Problems
) -> tuple[str, Node]:
    given = [(key, entries[key]) for key in ("entrypoint", "module", "run") if key in entries and entries[key].value]
    for key, entry in given[1:]:
        problems.warn(
            Code.MISPLACED_KEY, entry.key or entry.node, f"`{key}` is ignored beside `{given[0][0]}`", "remove one"
        )
    match given:
        case [("entrypoint", entry), *_]:
            return entry.value, entry.node
        case [("module", entry), *_]:
            return f"module: {entry.value}", entry.node
        case [("run", entry), *_]:
            return " | ".join(item.value for item in entry.value), entry.node
    is_python = language in (Language.PYTHON, Language.ANY)
    default = defaults.default_entrypoint if is_python and defaults.default_entrypoint else language.default_entrypoint
    return default, node


def _steps(job: Job, node: Node, problems: Problems) -> tuple[Step, ...]:
    try:
        return parse_entrypoint(job.entrypoint, job.language)
    except ValueError as error:
        hint = "write a script such as main.py, a command, or steps separated by `|`"
        problems.error(Code.ENTRYPOINT, node, f"{error}: {quote(job.entrypoint)}", hint)
        return ()


def _retry(entry: Entry | None) -> Retry:
    if entry is None:
        return Retry()
    if isinstance(entry.value, int):
        return Retry(entry.value)
    entries: Entries = entry.value
    named = tuple(dict.fromkeys(TaskState(item.value) for item in _value(entries, "on", ())))
    asks_for_memory = "memory" in entries and TaskState.OOM_KILLED not in named
    return Retry(
        times=_value(entries, "times", 1),
        delay_seconds=_value(entries, "delay", 0.0),
        backoff=_value(entries, "backoff", 1.0),
        jitter_seconds=_value(entries, "jitter", 0.0),
        outcomes=(named or RETRIED) + ((TaskState.OOM_KILLED,) if asks_for_memory else ()),
        memory_factor=_value(entries, "memory", 1.0),
    )


def _always(entries: Entries, problems: Problems) -> bool:
    always: bool = _value(entries, "always", False)
    for key, what in (("schedule", "schedule"), ("on", "events")) if always else ():
        if key in entries:
            message = f"a job that runs at the end of every run has no {what} of its own"
            problems.error(Code.VALUE, entries["always"].node, message, f"remove `always` or `{key}`")
    return always


def _value(entries: Entries, key: str, default: Any) -> Any:
    return entries[key].value if key in entries else default


def _text(entry: Entry | None) -> str | None:
    return entry.node.text if entry and isinstance(entry.node, Scalar) else None
