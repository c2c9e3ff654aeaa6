"""The data engine in the process of the test, for two projects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from skafd.addons.data.embedded import EmbeddedEngine
from skafd.addons.data.engine import Answer, Project, Segment
from skafd.addons.data.on_spark.place import service_of
from skafd.addons.data.on_spark.reading import SparkAccess
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

    def __init__(self, folder: Path, spark: SparkAccess | None = None) -> None:
        """`spark`: where queries are executed there."""
        self.folder = folder
        self._spark = spark
        self.engine = self._open()

    def reopen(self) -> None:
        """As a new process would."""
        self.engine.close()
        self.engine = self._open()

    def _open(self) -> EmbeddedEngine:
        return EmbeddedEngine(self.folder, find, threads=2, spark=self._spark)

    def save(self, schema: Any, *rows: dict[str, Any], asks: Project = CHURN, owner: Project = CHURN) -> int:
        """Rows that have the same columns."""
        return self.engine.save(asks, owner, schema, [segment(list(rows))] if rows else [])

    def query(self, sql: str, asks: Project = CHURN) -> list[dict[str, Any]]:
        """All rows."""
        return [dict(row) for block in self.answer(sql, asks).blocks for row in block]

    def answer(self, sql: str, asks: Project = CHURN, most_rows: int | None = None) -> Answer:
        """With the names and types of its columns."""
        service = service_of(None) if self._spark else ""
        return self.engine.query(replace(asks, queries=service), sql, most_rows)


def segment(rows: list[dict[str, Any]], first: int = 0) -> Segment:
    """Rows as the server hands them over."""
    return Segment(tuple(rows[0]), json.dumps(rows).encode(), len(rows), first)
