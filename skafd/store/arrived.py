"""Which files have arrived and were told to the jobs that wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from skafd.model.ids import ProjectId
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements


class ArrivedReader(Statements):
    """The part of the Reader, and of the Writer, that concerns files that have arrived."""

    def arrived_files(self, project: ProjectId, pattern: str) -> dict[str, str]:
        """By path, with what changes when a file is written."""
        sql = f"SELECT path, identity FROM arrived_file WHERE project = {PROJECT} AND pattern = :pattern"
        rows = self._all(sql, {"project": project, "pattern": pattern})
        return {row["path"]: row["identity"] for row in rows}

    def arrived_before(self, instant: datetime) -> tuple[str, ...]:
        """The paths that were last told before that."""
        rows = self._all("SELECT DISTINCT path FROM arrived_file WHERE at < ?", (to_microseconds(instant),))
        return tuple(row["path"] for row in rows)


class ArrivedWriter(ArrivedReader):
    """The part of the Writer that concerns files that have arrived."""

    def take_arrived(
        self, project: ProjectId, pattern: str, files: Mapping[str, str], now: datetime
    ) -> tuple[str, ...]:
        """Notes files, and returns the paths of those that are news."""
        known = {
            path: row["identity"]
            for path in files
            if (row := self._one(_ONE, {"project": project, "pattern": pattern, "path": path})) is not None
        }
        news = [path for path, identity in files.items() if known.get(path) != identity]
        self._change_many(
            f"""INSERT INTO arrived_file (project, pattern, path, identity, at)
                VALUES ({PROJECT}, :pattern, :path, :identity, :at)
                ON CONFLICT (project, pattern, path) DO UPDATE SET identity = :identity, at = :at""",
            [
                {
                    "project": project,
                    "pattern": pattern,
                    "path": path,
                    "identity": files[path],
                    "at": to_microseconds(now),
                }
                for path in news
            ],
        )
        return tuple(news)

    def forget_arrived(self, paths: tuple[str, ...], before: datetime) -> None:
        """Forgets files that are gone; one that was told again meanwhile stays."""
        self._change_many(
            "DELETE FROM arrived_file WHERE path = :path AND at < :before",
            [{"path": path, "before": to_microseconds(before)} for path in paths],
        )


_ONE = f"SELECT identity FROM arrived_file WHERE project = {PROJECT} AND pattern = :pattern AND path = :path"
