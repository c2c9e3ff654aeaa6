"""Reading a config: whatever the bytes are, the answer is a Reading."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from skafd.config.compose import compose
from skafd.config.find import FILENAMES
from skafd.config.nodes import Mapping, Node, is_null
from skafd.config.problems import Code, Problem, Problems, Severity, Unreadable, unreadable
from skafd.config.project import Built, WrittenJob, build, find_generation
from skafd.config.source import MAXIMUM_BYTES, decode, read_bytes
from skafd.model.ids import JobId
from skafd.model.project import Generation, Project


@dataclass(frozen=True, slots=True)
class Reading:
    """What a config says, and everything that is wrong with it."""

    project: Project | None
    """None when there are errors."""
    generation: Generation
    problems: tuple[Problem, ...]
    filename: str
    text: str = field(repr=False)
    """What was read, for showing lines of it; empty when it is no text."""
    name: str | None = None
    """The project's name, also when there are errors further down."""
    written: tuple[WrittenJob, ...] = ()
    """The jobs as they stand in the file, also when there are errors in them."""

    entrypoints: dict[JobId, Node] = field(default_factory=dict, repr=False)
    """Where each job's entrypoint stands, else the job."""

    def problem_at(self, job: JobId, message: str, hint: str) -> Problem:
        """What is wrong with the entrypoint of a job, found out after the file was read."""
        node = self.entrypoints[job]
        return Problem(Severity.ERROR, Code.MISSING_PROGRAM, node.line, node.column, message, hint)

    @property
    def valid(self) -> bool:
        """Whether there are no errors; warnings may be."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def load(path: Path) -> Reading:
    """Reads the config at `path`. Never raises.

    The files it names are looked for in its folder, unless its own name says that it is no project's config but a
    copy or a sample.
    """
    try:
        content = read_bytes(path)
    except Unreadable as error:
        return Reading(None, Generation.JOBS, (error.problem,), path.name, "")
    return read(content, path.parent if path.name in FILENAMES else None, path.name)


def read(content: str | bytes, folder: Path | None, filename: str) -> Reading:
    """Reads a config. Without a folder, the files it names are not looked for. Never raises."""
    problems = Problems()
    try:
        text = decode(content)
    except Unreadable as error:
        return Reading(None, Generation.JOBS, (error.problem,), filename, _show(content))
    try:
        generation, built = _build(text, folder, problems)
    except Unreadable as error:
        return Reading(None, _guess(text), _with(problems, error.problem), filename, text)
    project = None if problems.has_errors else built.project
    name, written = built.project.name, built.written
    return Reading(project, generation, problems.sorted(), filename, text, name, written, built.entrypoints)


def _build(text: str, folder: Path | None, problems: Problems) -> tuple[Generation, Built]:
    root = compose(text, problems)
    if root is None or is_null(root):
        raise unreadable(Code.EMPTY, 1, 1, "the config is empty", "make one with `skafd init`")
    generation = find_generation(root)
    assert isinstance(root, Mapping)  # no other node has a generation
    return generation, build(root, generation, folder, problems)


def _with(problems: Problems, last: Problem) -> tuple[Problem, ...]:
    """The problem that ended the reading, and those noted before it in other lines."""
    return (*(problem for problem in problems.sorted() if problem.line != last.line), last)


def _guess(text: str) -> Generation:
    """The generation of a text that cannot be parsed."""
    for generation, sign in ((Generation.JOBS, "job_id"), (Generation.PROJECT_TASKS, "project_task_id")):
        if re.search(rf"^({generation}| *- +{sign}) *:", text, re.MULTILINE):
            return generation
    return Generation.FLAT


def _show(content: str | bytes) -> str:
    if len(content) > MAXIMUM_BYTES:
        return ""
    return content if isinstance(content, str) else content.decode("utf-8", "replace")
