"""`compute:` of a job: the machine that runs it, and what cannot run elsewhere."""

from __future__ import annotations

from dataclasses import replace

from skafd.config.nodes import quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Choice, Either, Entry, Text
from skafd.config.tables import Entries, Key, Table
from skafd.config.urls import read_url
from skafd.model.compute import ATTENDANT, ComputeKind, RayCompute
from skafd.model.entrypoint import Notebook, Step
from skafd.model.project import Isolation, Job, JobType

_KIND = Choice(tuple(ComputeKind), "other clusters have add-ons or commands of their own: see docs/scaling.md")
_DETAILS = Table(
    "compute",
    (
        Key("name", _KIND, "`local`, or `ray`.", required=True),
        Key("address", Text("a URL"), "Of the Ray cluster's dashboard, such as `http://head:8265`."),
    ),
)
COMPUTE = Either(scalar=_KIND, mapping=_DETAILS)


def place_job(job: Job, steps: tuple[Step, ...], entries: Entries, problems: Problems) -> Job:
    """The job where `compute:` has it: of this machine one on a cluster takes next to nothing."""
    entry = entries.get("compute")
    details: Entries = entry.value if entry and isinstance(entry.value, dict) else {}
    if entry is None or (details["name"].value if details else entry.value) != ComputeKind.RAY:
        return job
    address = _address(details["address"], problems) if "address" in details else None
    _check(job, steps, entry, problems)
    return replace(job, ray=RayCompute(address, job.resources.reserved()), resources=ATTENDANT)


def _check(job: Job, steps: tuple[Step, ...], entry: Entry, problems: Problems) -> None:
    place = entry.key or entry.node
    if job.type is not JobType.JOB:
        problems.error(Code.VALUE, place, f"`type: {job.type}` runs on this machine", "remove `compute` or `type`")
    if job.isolation is Isolation.STRICT:
        hint = "remove `compute` or `isolation`"
        problems.error(Code.VALUE, place, "`isolation: strict` holds on this machine, not on a cluster", hint)
    if job.outputs:
        hint = "keep them from there: `ska.artifacts.save(name, path)`"
        problems.error(Code.VALUE, place, "`outputs:` are files of this machine", hint)
    for step in steps:
        if isinstance(step, Notebook):
            hint = "make it a script: `jupyter nbconvert --to script`"
            problems.error(Code.ENTRYPOINT, place, f"the notebook {quote(step.path)} runs on this machine only", hint)


def _address(entry: Entry, problems: Problems) -> str:
    message = f"{quote(str(entry.value))} is not the address of a Ray dashboard"
    return read_url(entry, ("http", "https"), problems, message, "for example `http://127.0.0.1:8265`")
