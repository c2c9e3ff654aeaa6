"""What the exit code of a command says; docs/commands.md has the same table."""

from __future__ import annotations

from enum import IntEnum

from skafd.errors import DaemonUnreachable, SkafdError


class ExitCode(IntEnum):
    """Scripts rely on these."""

    OK = 0
    FAILED = 1
    """The thing asked about failed, does not exist or was refused."""
    USAGE = 2
    """The command line was not understood; nothing was done."""
    UNREACHABLE = 3
    """The daemon cannot be reached."""
    INTERRUPTED = 130
    """Ctrl-C."""


def exit_code_of(error: SkafdError) -> ExitCode:
    """The exit code of a command that ends with `error`."""
    return ExitCode.UNREACHABLE if isinstance(error, DaemonUnreachable) else ExitCode.FAILED
