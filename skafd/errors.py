"""Every error that skafd raises on purpose.

SkafdError                    what went wrong, where, and what to do about it
 |- ConfigError               a metis.config.yml that cannot be used
 |- ScheduleError             a schedule that is not understood
 |- NotFound                  a project, run, job or deployment that does not exist
 |- Refused                   understood, and not done: the reason says why
 |   `- AlreadyRunning        a second daemon on one state folder
 |- DeployError               a snapshot that could not be taken or released
 |   `- BuildError           an environment that could not be built
 |- StoreError                the database said no
 |- SandboxError              a process, a cgroup or an attempt folder that misbehaved
 |   `- EnvironmentBroken     an environment that has lost files, and is being made again
 |- DataEngineError           the data engine does not do what was asked: a schema, a value, a query
 |- IllegalTransition         a bug: a state change that the table does not have
 `- DaemonUnreachable         no daemon answers on the socket
"""

from __future__ import annotations


class SkafdError(Exception):
    """What happened, and optionally what to do (`hint`). `str()` is one sentence fit for a user."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            # For tracebacks in notebooks.
            self.add_note(hint)


class ConfigError(SkafdError):
    """A config that cannot be used."""


class ScheduleError(SkafdError):
    """A schedule expression that is not understood."""


class NotFound(SkafdError):
    """Something that was named does not exist."""


class Refused(SkafdError):
    """The request was understood and is not carried out."""


class AlreadyRunning(Refused):
    """Another daemon owns the state folder."""


class DeployError(SkafdError):
    """A project folder could not become a deployment; the live one stays."""


class BuildError(DeployError):
    """An environment could not be built."""


class StoreError(SkafdError):
    """The database could not do what was asked."""


class SandboxError(SkafdError):
    """A process, a cgroup or an attempt folder misbehaved."""


class EnvironmentBroken(SandboxError):
    """An environment has lost files and is being made again: who waits for it may start then."""


class DataEngineError(SkafdError):
    """The data engine does not do what was asked."""


class QueueError(SkafdError):
    """The queue does not do what was asked."""


class IllegalTransition(SkafdError):
    """A state change that the transition table does not have: a bug."""


class DaemonUnreachable(SkafdError):
    """No daemon answers."""
