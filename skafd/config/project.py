"""The tree of a config to a project: which generation it is, its jobs, and what the top says for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from skafd.config.add_ons import build_add_ons, with_executors
from skafd.config.files import check_files
from skafd.config.flow import Names, check_flow, find_publisher, names_of
from skafd.config.graph import Links, has_blank, link
from skafd.config.jobs import Defaults, Draft, build_draft, environment_of, is_placeholder, kept
from skafd.config.keys import FLAT, PROJECT, TASK_KEYS
from skafd.config.nodes import Mapping, Node, Sequence, quote
from skafd.config.problems import Code, Problems, Unreadable, unreadable
from skafd.config.schedules import check_timezone
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.config.wishes import build_wish
from skafd.model.entrypoint import FLAT_DEFAULT
from skafd.model.environment import EnvironmentWish
from skafd.model.ids import JobId
from skafd.model.project import Generation, Job, OnDeploy, Project, RunAs, UpdatePolicy

_JOB_SIGNS = ("job_id", "project_task_id", "entrypoint")
_PROJECT_SIGNS = ("project_token", "name", "language", "entrypoint")
_INHERITED = ("language", "resources", "isolation", "compute")
_OF_ONE_JOB = ("entrypoint", "schedule")


@dataclass(frozen=True, slots=True)
class WrittenJob:
    """A job for the report: texts as they stand in the file, None for what does not."""

    id: str
    name: str
    entrypoint: str
    language: str
    schedule: str | list[Any] | None
    dependencies: tuple[str, ...]
    parallelism: str | None
    max_runs: str | None
    resources: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Built:
    """A project, usable if no error was noted, and its jobs for the report."""

    project: Project
    written: tuple[WrittenJob, ...]
    entrypoints: dict[JobId, Node]
    """Where the entrypoint of each job stands, else the job."""


def find_generation(root: Node) -> Generation:
    """The shape of the file, tried in the order that Skafos had. Raises Unreadable for what is none."""
    if not isinstance(root, Mapping):
        raise _no_mapping(root)
    names = {name.text for name, _ in root.pairs}
    for generation in (Generation.JOBS, Generation.PROJECT_TASKS):
        if generation in names:
            return generation
    for _, value in root.pairs:
        if isinstance(value, Sequence) and _looks_like_jobs(value):
            raise _missing_jobs(value)
    return Generation.FLAT


def build(root: Mapping, generation: Generation, folder: Path | None, problems: Problems) -> Built:
    """The project of a tree; everything wrong with it is noted."""
    problems.lenient = generation is not Generation.JOBS
    entries = (FLAT if generation is Generation.FLAT else PROJECT).read(
        _drop_other_list(root, problems), problems
    ) or {}
    name = _name(entries, folder)
    defaults = _defaults(entries, generation, folder, problems)
    drafts = _drafts(entries, generation, root, name, defaults, problems)
    links = link(drafts, problems)
    check_flow(drafts, links, problems)
    if folder is not None:
        check_files(drafts, folder, problems)
    wish = build_wish(entries, folder, problems)
    project = _project(entries, name, generation, drafts, links, defaults, wish, problems)
    entrypoints = {draft.job.id: draft.entrypoint_node for draft in drafts}
    return Built(project, tuple(_write(draft, links) for draft in drafts), entrypoints)


def _project(
    entries: Entries,
    name: str,
    generation: Generation,
    drafts: list[Draft],
    links: Links,
    defaults: Defaults,
    wish: EnvironmentWish,
    problems: Problems,
) -> Project:
    add_ons, names = build_add_ons(entries.get("add-ons"), problems), names_of(drafts)
    return Project(
        name=name,
        generation=generation,
        jobs=tuple(with_executors(_finish(draft, links, names, wish), add_ons) for draft in drafts),
        token=_token(entries.get("project_token"), problems),
        timezone=defaults.timezone,
        python=wish.python,
        wish=wish,
        environment=environment_of(entries),
        add_ons=add_ons.names,
        queue_url=add_ons.queue_url,
        spark=add_ons.spark,
        update_policy=UpdatePolicy(_value(entries, "update_policy", UpdatePolicy.RESTART_NONE)),
        use_cache=_value(entries, "use_cache", True),
        timeout_seconds=None if generation is Generation.FLAT else _value(entries, "timeout", None),
        run_as=RunAs(_value(entries, "run_as", RunAs.OWNER)),
        pools=tuple((name, pool.value) for name, pool in _value(entries, "pools", {}).items()),
        kept=kept(entries, PROJECT.keys),
    )


def _no_mapping(root: Node) -> Unreadable:
    if isinstance(root, Sequence) and _looks_like_jobs(root):
        return _missing_jobs(root)
    kind = "a list" if isinstance(root, Sequence) else "text"
    hint = "begin it with `name:` and `jobs:`"
    return unreadable(Code.VALUE, root.line, root.column, f"the config is {kind} where keys and values belong", hint)


def _looks_like_jobs(node: Sequence) -> bool:
    first = node.items[0] if node.items else None
    return isinstance(first, Mapping) and any(first.find(sign) for sign in _JOB_SIGNS)


def _missing_jobs(node: Node) -> Unreadable:
    message = "a list of jobs begins here, but the line `jobs:` is missing above it"
    return unreadable(Code.MISSING_JOBS, node.line, node.column, message, "add a line `jobs:` before this one")


def _drop_other_list(root: Mapping, problems: Problems) -> Mapping:
    """Without `project_tasks` where there is `jobs`, which counts alone."""
    old = next((name for name, _ in root.pairs if name.text == Generation.PROJECT_TASKS), None)
    if old is None or root.find(Generation.JOBS) is None:
        return root
    problems.warn(Code.MISPLACED_KEY, old, "`project_tasks` is ignored beside `jobs`", "move its jobs to `jobs:`")
    return replace(root, pairs=tuple(pair for pair in root.pairs if pair[0].text != Generation.PROJECT_TASKS))


def _name(entries: Entries, folder: Path | None) -> str:
    folder_name = folder.resolve().name if folder else ""
    return str(_value(entries, "name", folder_name or "project"))


def _defaults(entries: Entries, generation: Generation, folder: Path | None, problems: Problems) -> Defaults:
    zone = entries.get("timezone")
    timezone = zone.value if zone and check_timezone(zone, problems) else "UTC"
    entrypoint = FLAT_DEFAULT if generation is Generation.FLAT else None
    return Defaults(entrypoint, timezone, "limits" in entries, folder)


def _drafts(
    entries: Entries, generation: Generation, root: Mapping, name: str, defaults: Defaults, problems: Problems
) -> list[Draft]:
    if generation is Generation.FLAT:
        return [_flat_draft(entries, root, name, defaults, problems)]
    for key in _OF_ONE_JOB:
        if key in entries:
            place = entries[key].key or root
            problems.warn(Code.MISPLACED_KEY, place, f"`{key}` is ignored beside `{generation}`", "put it into a job")
    shared = {key: entries[key] for key in _INHERITED if key in entries}
    jobs: tuple[Entry, ...] = _value(entries, generation, ())
    if generation in entries and not jobs and not problems.has_errors:
        node = entries[generation].node
        problems.error(Code.MISSING_JOBS, node, f"`{generation}` has no job", "add one: `- name: main`")
    return [build_draft(shared | job.value, cast(Mapping, job.node), defaults, problems) for job in jobs]


def _flat_draft(entries: Entries, root: Mapping, name: str, defaults: Defaults, problems: Problems) -> Draft:
    if not any(sign in entries for sign in _PROJECT_SIGNS) and not problems.has_errors:
        problems.error(Code.MISSING_JOBS, root, "this is no project: there is no `jobs:`", "add `jobs:` with a job")
    own = {key.name: entries[key.name] for key in TASK_KEYS if key.name in entries}
    named = Entry(name, root.find("name") or root)
    return build_draft(own | {"name": named}, root, defaults, problems)


def _finish(draft: Draft, links: Links, names: Names, wish: EnvironmentWish) -> Job:
    on_deploy = OnDeploy.WAIT if has_blank(draft, links) else draft.job.on_deploy
    dependencies = tuple(links[draft.job.id])
    foreach = find_publisher(draft, links, names)
    return replace(
        draft.job, dependencies=dependencies, on_deploy=on_deploy, foreach=foreach, wish=draft.job.wish.over(wish)
    )


def _write(draft: Draft, links: Links) -> WrittenJob:
    found = {id(entry): job for job, entry in links[draft.job.id].items()}
    dependencies = tuple(found.get(id(entry), entry.value) for entry in draft.dependencies)
    job = draft.job
    return WrittenJob(job.id, job.name, job.entrypoint, job.language, dependencies=dependencies, **draft.written)


def _token(entry: Entry | None, problems: Problems) -> str | None:
    if entry is None:
        return None
    if is_placeholder(entry.value):
        message = f"{quote(entry.value)} is a template's blank; the project is known by its folder instead"
        problems.warn(Code.PLACEHOLDER, entry.node, message, "remove the line, or write a token of your own")
        return None
    return str(entry.value)


def _value(entries: Entries, key: str, default: Any) -> Any:
    return entries[key].value if key in entries else default
