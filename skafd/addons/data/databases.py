"""One DuckDB database per project, all attached to one instance, so that a query can read several."""

from __future__ import annotations

import logging
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import duckdb

from skafd.addons.data.catalog import Catalog
from skafd.addons.data.commits import Commits
from skafd.addons.data.engine import Project
from skafd.addons.data.quoting import quoted, text
from skafd.errors import DataEngineError

log = logging.getLogger("skafd.data")

_MEMORY_SHARE = 0.75
"""Of what the process may use: the rest is for rows on their way in and out."""


@dataclass(frozen=True, slots=True)
class Database:
    """The tables of one project."""

    project: Project
    alias: str
    """What DuckDB calls it."""
    catalog: Catalog
    commits: Commits

    def table(self, name: str) -> str:
        """A table of it in SQL."""
        return f"{quoted(self.alias)}.main.{quoted(name)}"


class Databases:
    """Opens each when it is first used. May be used from any thread."""

    def __init__(
        self, folder: Path, memory_bytes: int | None = None, threads: int | None = None, snapshots: Path | None = None
    ) -> None:
        """`snapshots`: where tables are put for others to read."""
        self._folder = folder
        self.incoming = folder / ".incoming"
        """Rows on their way in, which DuckDB reads from files."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True)
        self._connection = duckdb.connect()
        self._lock = threading.Lock()
        self._open: dict[str, Database] = {}
        settings = [
            f"allowed_directories = [{', '.join(text(f'{one}/') for one in (folder, snapshots) if one)}]",
            f"temp_directory = {text(str(self.incoming))}",
            "TimeZone = 'UTC'",
            "enable_external_access = false",
        ]
        if memory_bytes is not None:
            settings.append(f"memory_limit = '{int(memory_bytes * _MEMORY_SHARE)}B'")
        if threads is not None:
            settings.append(f"threads = {threads}")
        for setting in settings:
            self._connection.execute(f"SET {setting}")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one thread; close it."""
        return self._connection.cursor()

    def of(self, project: Project) -> Database:
        """The database of a project, made when there is none. Raises DataEngineError when it cannot be opened."""
        with self._lock:
            if project.id not in self._open:
                self._open[project.id] = self._attach(project)
            return self._open[project.id]

    def named(self, alias: str) -> Database:
        """An open one, by what DuckDB calls it."""
        with self._lock:
            return next(database for database in self._open.values() if database.alias == alias)

    def close(self) -> None:
        """Writes everything into the databases' own files, and closes them."""
        with self._lock:
            for database in self._open.values():
                database.commits.close()
            self._connection.close()

    def _attach(self, project: Project) -> Database:
        path, alias = self._folder / f"{project.slug}.duckdb", f"project_{project.slug}"
        connection = self.cursor()
        try:
            connection.execute(f"ATTACH {text(str(path))} AS {quoted(alias)}")
            path.chmod(0o600)
            catalog = Catalog(connection, alias)
        except duckdb.Error as error:
            raise DataEngineError(
                f"the tables of {project.slug} cannot be opened: {error}", f"its database is {path}"
            ) from error
        return Database(project, alias, catalog, Commits(self.cursor(), project.slug, catalog.settled))
