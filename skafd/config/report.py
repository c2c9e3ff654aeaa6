"""The answer of `skafd validate --json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from skafd.config.reading import Reading


def report(reading: Reading) -> dict[str, Any]:
    """The reading as JSON-ready data.

    Jobs are told as they stand in the file: amounts and counts as text, None for what is not given. Id, name,
    entrypoint and language, which every job has, are filled in; dependencies are ids. `project` is None when the
    file could not be read far enough to know its jobs.
    """
    return {
        "valid": reading.valid,
        "generation": str(reading.generation),
        "project": None if reading.name is None else {"name": reading.name, "jobs": _jobs(reading)},
        "problems": [_plain(asdict(problem)) for problem in reading.problems],
    }


def _jobs(reading: Reading) -> list[dict[str, Any]]:
    return [_plain(asdict(job)) | {"dependencies": list(job.dependencies)} for job in reading.written]


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Enumerations as their plain words."""
    return {key: str(value) if isinstance(value, str) else value for key, value in fields.items()}
