"""The units for systemd, as they come with the package and as they are on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import skafd
from skafd.errors import Refused
from skafd.home import SYSTEM_HOME, Home

SERVICE = "skafd.service"
JOBS = "skafd-jobs.slice"
SYSTEM_FOLDER = Path("/etc/systemd/system")
_SHIPPED = Path(skafd.__file__).parent / "systemd"


def unit_folder(user: bool, environment: Mapping[str, str] = os.environ) -> Path:
    """Where units of the machine, or of this user, are put."""
    if not user:
        return SYSTEM_FOLDER
    config = Path(environment.get("XDG_CONFIG_HOME", ""))
    return (config if config.is_absolute() else Path.home() / ".config") / "systemd" / "user"


def unit_texts(user: bool) -> dict[str, str]:
    """The name and the text of each unit, filled in for this Python and this state folder."""
    home = Home.default().path if user else SYSTEM_HOME
    shipped = "skafd-user.service" if user else SERVICE
    values = {"python": sys.executable, "home": str(home), "state": SYSTEM_HOME.name}
    return {SERVICE: _filled(shipped, values), JOBS: _filled(JOBS, values)}


def _filled(shipped: str, values: Mapping[str, str]) -> str:
    text = (_SHIPPED / shipped).read_text()
    for name, value in values.items():
        if any(character.isspace() or character in "\"'\\" for character in value):
            raise Refused(f"systemd cannot be told of a path with blanks or quotes: {value!r}", "move it")
        text = text.replace(f"@{name}@", value.replace("%", "%%").replace("$", "$$"))
    return text
