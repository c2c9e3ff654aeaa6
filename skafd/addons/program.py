"""One long-lived process, as whoever needs it describes it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import skafd
from skafd.errors import NotFound, Refused
from skafd.sandbox.user import User

GRACE_SECONDS = 10.0
LOG_CAP_BYTES = 8 * 2**20
PROCESSES = 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class ServiceProgram:
    """What is started when the service is needed. Made anew for each start, so that limits and paths are of today."""

    name: str
    """Names its folder and its row: lower-case letters, digits, `.`, `_` and `-`."""
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All of it: nothing is inherited."""
    socket: Path | None = None
    """It is ready when somebody answers there; None: as soon as it runs."""
    memory_bytes: int | None = None
    cpu: float | None = None
    idle_seconds: float | None = None
    """Stopped when so long nobody has asked for it and it is not in use; None: it ends by itself, with exit code 0."""
    is_in_use: Callable[[], bool] = lambda: False
    """Asked when the idle time is up, in the orchestrator's thread: must not block."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Masked in its log."""
    grace_seconds: float = GRACE_SECONDS
    """Between the request to end and the force."""
    log_cap_bytes: int = LOG_CAP_BYTES
    processes: int = PROCESSES
    """And threads, at most."""
    user: User | None = None
    """Whose rights it has, if not those of skafd."""
    url: str | None = None
    """Where people can look at it."""
    gives_away: bool = False
    """What it forks is moved into the control groups of attempts, and outlives it."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refused(f"{self.name!r} cannot name a service", "use lower-case letters, digits and -")


def python_program(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of skafd's with this interpreter, wherever skafd lies."""
    # Appended, so that nothing that lies beside skafd hides a module of the standard library.
    root = str(Path(skafd.__file__).parent.parent)
    start = f"import sys, runpy; sys.path.append({root!r}); runpy.run_module({module!r}, run_name='__main__')"
    return (sys.executable, "-c", start, *arguments)


Maker = Callable[[str], ServiceProgram | None]


class Programs:
    """Every service that this daemon knows how to run, by name."""

    def __init__(self, makers: Iterable[Maker] = ()) -> None:
        """Each maker answers for the names that are its own, `data` or all that begin with `spark-`."""
        self._makers = list(makers)

    def add(self, maker: Maker) -> None:
        """Makes further services known; before the orchestrator starts."""
        self._makers.append(maker)

    def find(self, name: str) -> ServiceProgram:
        """What to run. Raises NotFound for a name that nobody answers for."""
        for maker in self._makers:
            program = maker(name)
            if program is not None:
                return program
        raise NotFound(f"there is no service {name}", "`skafd status` lists those that run")
