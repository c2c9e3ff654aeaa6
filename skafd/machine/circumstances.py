"""Who skafd runs as, and what time it takes it to be."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from skafd.machine.findings import Finding, error, ok

# When this was written: a clock that is behind it has been reset.
_EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)


def examine_user(user_id: int) -> Finding:
    """Whose rights jobs have."""
    if user_id == 0:
        says = "skafd runs as root; jobs run as whom their project folder belongs to, root's own as root"
        return ok("user", says)
    return ok("user", f"skafd and its jobs run with the rights of user {user_id}")


def examine_clock(now: datetime, localtime: Path = Path("/etc/localtime")) -> Finding:
    """What schedules go by."""
    if now < _EARLIEST:
        return error(
            "clock", f"the clock says {now:%Y-%m-%d %H:%M} UTC", "set it, and let NTP keep it: timedatectl set-ntp true"
        )
    _, _, zone = os.path.realpath(localtime).partition("/zoneinfo/")
    return ok(
        "clock",
        f"{now:%Y-%m-%d %H:%M} UTC; local zone {zone or 'UTC'}; schedules are in UTC unless a project says otherwise",
    )
