"""Adding a job to a config that people wrote: comments, order and quotes stay."""

from __future__ import annotations

import io
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from skafd.config import Reading, load
from skafd.config.problems import Code, Severity
from skafd.errors import Refused
from skafd.files import write_whole
from skafd.model.project import Generation

_LISTS = {Generation.JOBS: "jobs", Generation.PROJECT_TASKS: "project_tasks"}
_WIDEST = 10_000
"""Columns; lines that people wrote are not broken anew."""


def add_job(config: Path, job: dict[str, str]) -> str:
    """Adds a job at the end of the config's list; returns its lines.

    Raises Refused, with the file as it was, if the config has errors, is one job itself, or has a job of that name.
    """
    reading = load(config)
    _check(config, reading, job["name"])
    yaml = _like(reading.text)
    root = yaml.load(reading.text)
    added = _spelled(job, reading.generation)
    jobs = root[_LISTS[reading.generation]]
    _append(jobs, added)
    stream = io.StringIO()
    yaml.dump(root, stream)
    write_whole(config, stream.getvalue().encode(), config.stat().st_mode & 0o777)
    return _shown(yaml, added)


def _check(config: Path, reading: Reading, name: str) -> None:
    # The file of a job that was added a moment ago may be written later.
    wrong = [one for one in reading.problems if one.severity is Severity.ERROR and one.code is not Code.MISSING_FILE]
    if wrong:
        raise Refused(f"{config} has errors", f"`skafd validate {config.parent}` shows them")
    if reading.generation not in _LISTS:
        raise Refused(f"{config} is one job itself", "write its keys as the first item of `jobs:`, then add others")
    if any(job.name == name for job in reading.written):
        raise Refused(f"{config} has a job {name} already", "give the new one another name")


def _spelled(job: dict[str, str], generation: Generation) -> CommentedMap:
    """With the key that the file's generation has for an id."""
    identity = "project_task_id" if generation is Generation.PROJECT_TASKS else "job_id"
    return CommentedMap({identity if key == "job_id" else key: value for key, value in job.items()})


def _like(text: str) -> YAML:
    """A reader and writer that indents lists as the file does."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    items = [line for line in text.splitlines() if line.lstrip().startswith("- ")]
    offset = len(items[0]) - len(items[0].lstrip()) if items else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _append(jobs: CommentedSeq, job: CommentedMap) -> None:
    """Comments that follow the last job belong to it, and stay above the new one."""
    if jobs.fa.flow_style():
        jobs.fa.set_block_style()
    jobs.append(job)


def _shown(yaml: YAML, job: CommentedMap) -> str:
    stream = io.StringIO()
    yaml.dump([job], stream)
    return stream.getvalue().rstrip("\n")
