"""A statement that only reads, on Spark: from the tables that it names to its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skafd.addons.data.answers import rows_of
from skafd.addons.data.databases import Databases
from skafd.addons.data.engine import Answer, Project
from skafd.addons.data.on_spark.column_types import columns_of
from skafd.addons.data.on_spark.drivers import Drivers, Start
from skafd.addons.data.on_spark.place import user_of
from skafd.addons.data.on_spark.snapshots import Snapshots
from skafd.addons.data.resolving import name_on_spark
from skafd.addons.data.spark_sql import Statement


@dataclass(frozen=True, slots=True)
class SparkAccess:
    """What a data engine needs to know of Spark."""

    sockets: Path
    """The folder in which drivers answer."""
    tables: Path
    """The folder for snapshots; of nothing else. The user of a cluster may pass through."""
    start: Start


class SparkReading:
    """May be used from any thread."""

    def __init__(self, access: SparkAccess, databases: Databases) -> None:
        self._snapshots = Snapshots(access.tables, databases)
        self._drivers = Drivers(access.sockets, access.start)

    def read(self, asks: Project, statement: Statement, most_rows: int | None) -> Answer:
        """Raises DataEngineError; DaemonUnreachable where Spark cannot be started now."""
        service = asks.queries
        with self._snapshots.of(statement.tables, service, user_of(service)) as snapshots:
            tables = {
                name_on_spark(number): {"path": str(one.path), "schema": one.schema}
                for number, one in enumerate(snapshots)
            }
            question = {"sql": statement.sql, "tables": tables, "pool": asks.slug, "most_rows": most_rows}
            reply = self._drivers.ask(service, question)
        columns = columns_of(reply.schema)
        return Answer(dict(columns), rows_of(columns, reply.blocks()), read=statement.read)

    def close(self) -> None:
        """Nobody asks any more."""
        self._snapshots.clear()
