"""How many files and sockets a process may have open: the daemon as many as it can, its jobs as many as it was given.

A soft limit is mostly 1,024, for the sake of programs that wait with `select`, which can count no further: jobs may be
such programs, the daemon is none, and holds a descriptor for each attempt.
"""

from __future__ import annotations

import resource

_NONE = resource.RLIM_INFINITY
_MOST = 65536
"""Where more are allowed it may be a thousand million, and there are programs that close as many before they begin."""
GIVEN = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
"""The soft limit of this process when it began."""


def most() -> int:
    """How many this process can have open, once it has raised its limit."""
    soft, hard = (_MOST if limit == _NONE else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    return max(soft, min(hard, _MOST))


def raise_limit() -> None:
    """Lets this process, and those that it starts, have as many as there can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != _NONE:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most(), hard))


def restore_limit(soft: int) -> None:
    """Gives this process, and those that it starts, the soft limit that another one was given."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
