"""The data engine in the process of the test, for two projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skafd.addons.data.embedded import EmbeddedEngine
from skafd.addons.data.engine import Project, Segment
from skafd.errors import NotFound

CHURN, SCORER = Project("churn-token", "churn"), Project("scorer-token", "scorer")
PEOPLE = {
    "table_name": "people",
    "options": {"primary_key": ["id"]},
    "columns": {"id": "int", "name": "text", "born": "date", "score": "float"},
}


def find(name: str) -> Project:
    """By token or short name."""
    for project in (CHURN, SCORER):
        if name in (project.id, project.slug):
            return project
    raise NotFound(f"no project {name}")


class Embedded:
    """What a test does with it, in few words; `churn` asks unless another is named."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EmbeddedEngine(folder, find, threads=2)

    def reopen(self) -> None:
        """As a new process would."""
        self.engine.close()
        self.engine = EmbeddedEngine(self.folder, find, threads=2)

    def save(self, schema: Any, *rows: dict[str, Any], asks: Project = CHURN, owner: Project = CHURN) -> int:
        """Rows that have the same columns."""
        return self.engine.save(asks, owner, schema, [segment(list(rows))] if rows else [])

    def query(self, sql: str, asks: Project = CHURN) -> list[dict[str, Any]]:
        """All rows."""
        return [dict(row) for block in self.engine.query(asks, sql).blocks for row in block]


def segment(rows: list[dict[str, Any]], first: int = 0) -> Segment:
    """Rows as the server hands them over."""
    return Segment(tuple(rows[0]), json.dumps(rows).encode(), len(rows), first)
