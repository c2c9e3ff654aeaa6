"""The tokens of webhooks, of which only hashes are kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from skafd.errors import NotFound
from skafd.model.ids import ProjectId
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements


@dataclass(frozen=True, slots=True)
class WebhookToken:
    """A token as it is kept."""

    number: int
    webhook: str
    sha256: str
    created_at: datetime
    last_used_at: datetime | None


class WebhookReader(Statements):
    """The part of the Reader, and of the Writer, that concerns tokens of webhooks."""

    def webhook_tokens(self, project: ProjectId, webhook: str | None = None) -> tuple[WebhookToken, ...]:
        """Those of a project, or of one webhook of it."""
        rows = self._all(
            f"SELECT * FROM webhook_token WHERE project = {PROJECT} AND ifnull(name = :name, 1) ORDER BY id",
            {"project": project, "name": webhook},
        )
        return tuple(_token(row) for row in rows)


class WebhookWriter(WebhookReader):
    """The part of the Writer that concerns tokens of webhooks."""

    def add_webhook_token(self, project: ProjectId, webhook: str, sha256: str, now: datetime) -> WebhookToken:
        """Keeps the hash of a new token."""
        self._change(
            f"""INSERT INTO webhook_token (project, name, sha256, created_at)
                VALUES ({PROJECT}, :name, :sha256, :now)""",
            {"project": project, "name": webhook, "sha256": sha256, "now": to_microseconds(now)},
        )
        return self.webhook_tokens(project, webhook)[-1]

    def use_webhook_token(self, number: int, now: datetime) -> None:
        """Notes that a token was shown."""
        if not self._change("UPDATE webhook_token SET last_used_at = ? WHERE id = ?", (to_microseconds(now), number)):
            raise NotFound("the token was revoked meanwhile")

    def revoke_webhook_token(self, project: ProjectId, number: int) -> None:
        """Forgets a token. Raises NotFound."""
        sql = f"DELETE FROM webhook_token WHERE project = {PROJECT} AND id = :number"
        if not self._change(sql, {"project": project, "number": number}):
            raise NotFound(f"there is no token {number}", "`skafd webhook PROJECT` lists them")


def _token(row: sqlite3.Row) -> WebhookToken:
    return WebhookToken(
        number=row["id"],
        webhook=row["name"],
        sha256=row["sha256"],
        created_at=to_instant(row["created_at"]),
        last_used_at=to_instant(row["last_used_at"]),
    )
