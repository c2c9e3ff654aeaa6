"""The tokens of the Data Endpoint, of which only hashes are kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from skafd.errors import NotFound
from skafd.model.ids import ProjectId
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements


@dataclass(frozen=True, slots=True)
class DataToken:
    """A token as it is kept."""

    number: int
    name: str
    """What its owner wants to know it by."""
    sha256: str
    created_at: datetime
    last_used_at: datetime | None


class DataTokenReader(Statements):
    """The part of the Reader, and of the Writer, that concerns tokens of the Data Endpoint."""

    def data_tokens(self, project: ProjectId) -> tuple[DataToken, ...]:
        """Those of a project."""
        sql = f"SELECT * FROM data_token WHERE project = {PROJECT} ORDER BY id"
        return tuple(_token(row) for row in self._all(sql, {"project": project}))


class DataTokenWriter(DataTokenReader):
    """The part of the Writer that concerns tokens of the Data Endpoint."""

    def add_data_token(self, project: ProjectId, name: str, sha256: str, now: datetime) -> DataToken:
        """Keeps the hash of a new token."""
        self._change(
            f"""INSERT INTO data_token (project, name, sha256, created_at)
                VALUES ({PROJECT}, :name, :sha256, :now)""",
            {"project": project, "name": name, "sha256": sha256, "now": to_microseconds(now)},
        )
        return self.data_tokens(project)[-1]

    def use_data_token(self, number: int, now: datetime) -> None:
        """Notes that a token was shown; one that was revoked meanwhile is no error."""
        self._change("UPDATE data_token SET last_used_at = ? WHERE id = ?", (to_microseconds(now), number))

    def revoke_data_token(self, project: ProjectId, number: int) -> None:
        """Forgets a token. Raises NotFound."""
        sql = f"DELETE FROM data_token WHERE project = {PROJECT} AND id = :number"
        if not self._change(sql, {"project": project, "number": number}):
            raise NotFound(f"there is no token {number}", "`skafd token PROJECT` lists them")


def _token(row: sqlite3.Row) -> DataToken:
    return DataToken(
        number=row["id"],
        name=row["name"],
        sha256=row["sha256"],
        created_at=to_instant(row["created_at"]),
        last_used_at=to_instant(row["last_used_at"]),
    )
