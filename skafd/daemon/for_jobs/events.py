"""Named events that jobs publish."""

from __future__ import annotations

from typing import Any

from skafd.api.requests import PublishRequest
from skafd.daemon.for_jobs.commits import attempt_of, check_alive
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.publishing import named_event, tell
from skafd.job_token import JobToken
from skafd.store import Database


class EventsOfJobs:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self._database = database
        self._mailbox = mailbox

    def publish(self, token: JobToken, request_id: str, request: PublishRequest) -> dict[str, Any]:
        """Its number. Raises BadRequest for what nobody could wait for, Refused for an attempt that has ended.

        Where the job names no key, each call is an event of its own, however often it had to be asked.
        """
        attempt = attempt_of(token)
        with self._database.reader() as reader:
            by = TaskNames(reader).of(attempt.task) if token.run else ""
        detail = f"{by} published {request.name}" if by else ""
        event = named_event(request.name, request.parameters, request.key or request_id or None, detail)
        return {"event": tell(self._mailbox, event, lambda writer: check_alive(writer, attempt))}
