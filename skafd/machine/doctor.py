"""`skafd doctor`: what this machine can do for jobs, and what to do about what is missing."""

from __future__ import annotations

import os

from skafd import clock
from skafd.home import Home
from skafd.machine.circumstances import examine_clock, examine_user
from skafd.machine.confinement import examine_strict
from skafd.machine.enforcement import Enforcement, read_enforcement
from skafd.machine.findings import Finding
from skafd.machine.limits import examine_cgroups, examine_inotify, examine_open_files
from skafd.machine.storage import examine_storage
from skafd.machine.tools import examine_java, examine_pythons, examine_uv


def examine(home: Home | None = None, enforcement: Enforcement | None = None) -> tuple[Finding, ...]:
    """Looks at everything; takes about a second. Without `enforcement` it tries out what can be enforced."""
    return (
        examine_cgroups(enforcement or read_enforcement()),
        examine_inotify(),
        examine_open_files(),
        *examine_storage(home or Home.default()),
        examine_uv(),
        examine_pythons(),
        examine_java(),
        examine_user(os.geteuid()),
        examine_strict(os.geteuid()),
        examine_clock(clock.now()),
    )
