"""What jobs ask of the daemon. Methods may block on the database or the orchestrator: each call has a thread.

Every one is given the token of who asks, which is good for its own project alone. Each raises NotFound for a name that
does not exist and Refused for what cannot be done.
"""

from __future__ import annotations

from typing import Any, Protocol

from skafd.job_token import JobToken


class JobsBackend(Protocol):
    """The daemon, as jobs see it."""

    def who(self, token: JobToken) -> dict[str, Any]:
        """The attempt that the token was made for."""

    def output(self, token: JobToken, job: str, instance: int | None) -> Any:
        """What a job of the same run has published; of one with several instances a list, by their numbers."""
