"""`type:` of a job, and what goes with it."""

from __future__ import annotations

from skafd.config.nodes import Node, quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.model.entrypoint import Language, Script, Step
from skafd.model.project import Job, JobType

_NOT_OF_A_FLOW = ("foreach", "parallelism", "need", "always", "params")


_NOT_OF_A_SERVICE = (
    *("schedule", "on", "dependencies", "trigger", "when", "foreach", "need", "always", "max_runs", "retry", "timeout"),
    "catch",
)


def build_type(entry: Entry | None) -> JobType:
    """What the job is."""
    return JobType(entry.value) if entry else JobType.JOB


def check_type(job: Job, steps: tuple[Step, ...], entries: Entries, place: Node, problems: Problems) -> None:
    """Notes what a flow and a service cannot have."""
    if job.is_service:
        for key in _NOT_OF_A_SERVICE:
            if key in entries:
                node = entries[key].key or entries[key].node
                message = f"a service has no `{key}`: it runs from one deployment to the next, and is started again"
                problems.error(Code.MISPLACED_KEY, node, message, "remove the line, or `type: service`")
    if job.type is not JobType.METAFLOW:
        return
    if not (len(steps) == 1 and isinstance(steps[0], Script) and steps[0].language is Language.PYTHON):
        message = f"the entrypoint of a flow is its file, and {quote(job.entrypoint)} is something else"
        problems.error(Code.ENTRYPOINT, place, message, "for example `flow.py`, or `flow.py --with retry`")
    for key in _NOT_OF_A_FLOW:
        if key in entries:
            node = entries[key].key or entries[key].node
            message = f"a flow has no `{key}` here: its own file says it"
            problems.error(Code.MISPLACED_KEY, node, message, "remove the line")
