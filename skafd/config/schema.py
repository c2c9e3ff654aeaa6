"""JSON Schema of `metis.config.yml`, for editors; generated from the table of keys that the reader uses."""

from __future__ import annotations

from typing import Any

from skafd.config.keys import FLAT, PROJECT


def json_schema() -> dict[str, Any]:
    """The schema of draft 2020-12: a file with jobs, or one that is a job itself."""
    listed = PROJECT.schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "metis.config.yml",
        "description": "A skafd project.",
        "anyOf": [
            listed | {"required": ["jobs"]},
            listed | {"required": ["project_tasks"]},
            FLAT.schema() | {"not": {"anyOf": [{"required": ["jobs"]}, {"required": ["project_tasks"]}]}},
        ],
    }
