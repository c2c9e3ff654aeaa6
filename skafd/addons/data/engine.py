"""What an engine can do. DuckDB in this process is one; another one, on Spark, can take its place behind the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Project:
    """Who asks, or whose table it is."""

    id: str
    slug: str
    """Names its database."""
    queries: str = ""
    """The service on Spark that answers its queries; empty: the engine itself does."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that all have the same columns."""

    columns: tuple[str, ...]
    rows: bytes
    """A JSON list of objects."""
    count: int
    first: int = 0
    """The place of the first one among all rows of the call, from 0."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a query, in blocks as they are read."""

    columns: Mapping[str, str]
    """Names and types."""
    blocks: Iterator[Sequence[Mapping[str, Any]]] = field(default_factory=lambda: iter(()))
    read: tuple[tuple[str, str], ...] = ()
    """Which tables it was made of: the id of the project that each belongs to, and its name."""
    written: tuple[tuple[str, str], ...] = ()
    """Which table was written to."""


class Engine(Protocol):
    """Every method may be called from any thread, blocks, and raises DataEngineError, NotFound or Refused."""

    def save(self, asks: Project, owner: Project, schema: object, segments: Sequence[Segment]) -> int:
        """Makes the table if there is none, and inserts or updates rows by its key; returns how many.

        All of them are durable when it returns; none is there when it raises.
        """

    def create_view(self, asks: Project, name: str, owner: Project, table: str) -> None:
        """Lets `asks` query a table under that name. Raises Refused where there is such a view."""

    def query(self, asks: Project, sql: str, most_rows: int | None = None) -> Answer:
        """What a statement in Spark SQL gives, over the views and tables of `asks`."""

    def export(self, asks: Project, sql: str, form: str) -> BinaryIO:
        """What a query gives as a file, `parquet` or `csv`; the caller closes it."""

    def load(self, asks: Project, table: str, key: Sequence[str], form: str, content: bytes) -> int:
        """Puts the rows of such a file into a table, which is made with this key if there is none; returns how many."""

    def tables(self, owner: Project) -> list[Mapping[str, Any]]:
        """Each table and view: name, kind, columns, key, rows."""

    def share(self, owner: Project, reader: Project, may_write: bool) -> None:
        """Lets another project read, or also write, the tables of `owner`."""

    def unshare(self, owner: Project, reader: Project) -> None:
        """Ends that."""

    def shares(self, owner: Project) -> list[Mapping[str, Any]]:
        """Who may use the tables of `owner`."""
