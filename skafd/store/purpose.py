"""What a write transaction is for: every one has a purpose, and with it two crash points."""

from __future__ import annotations

from enum import StrEnum

from skafd import crash


class Purpose(StrEnum):
    """The kinds of transactions."""

    REPORTS = "reports"
    """What supervisors and the launcher said, and what follows."""
    RESTORE = "restore"
    """What had happened when the daemon came back."""
    NOT_LAUNCHED = "not-launched"
    TIME = "time"
    """Schedules and retries that are due."""
    RUN_REQUEST = "run-request"
    BY_HAND = "by-hand"
    """A run or a task is run again, passed over, or tagged."""
    EVENT = "event"
    """Something happened outside: a file arrived, somebody published an event or called a webhook."""
    WEBHOOK_TOKEN = "webhook-token"
    DATA_TOKEN = "data-token"
    CANCEL_REQUEST = "cancel-request"
    VARIABLE = "variable"
    MODEL = "model"
    """A version of a model is tagged or deleted by hand."""
    PAUSE = "pause"
    BACKFILL = "backfill"
    PROJECT = "project"
    """Makes a folder known."""
    UNCHANGED = "unchanged"
    REFUSAL = "refusal"
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    JOB_CALLS = "job-calls"
    """What jobs say and keep."""
    SERVICE = "service"
    """A long-lived process of skafd's own starts or ends."""
    FORGET = "forget"
    """Takes a project off the list."""
    PARENT_FOLDER = "parent-folder"
    """Remembers a folder in which projects may appear, or forgets it."""
    HOUSEKEEPING = "housekeeping"
    """Removes what is old."""
    OTHER = "other"
    """Not the daemon's: tests and tools."""


crash.register(f"transaction.{purpose}" for purpose in Purpose)
