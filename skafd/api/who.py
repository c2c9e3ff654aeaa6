"""Who asks: standard library only."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping


def this_user(variables: Mapping[str, str] = os.environ) -> str:
    """`$SKAFD_USER`, for people who share an account; else who used sudo, else the user of this process.

    The socket is its owner's alone, so whoever may ask may do all: a name tells people apart, and permits nothing.
    """
    named = variables.get("SKAFD_USER", "").strip() or variables.get("SUDO_USER", "").strip()
    if named:
        return named
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
