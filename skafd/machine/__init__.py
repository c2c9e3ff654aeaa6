"""The machine: what it has, what it can enforce, and what is wrong with it.

read_capacity() -> model.limits.Capacity
enforcement_of(place) -> Enforcement    # place: sandbox.cgroup.detect.detect(home.path)
read_enforcement() -> Enforcement       # without a daemon: tries it out
examine(home) -> tuple[Finding, ...]    # `skafd doctor`; dataclasses.asdict makes JSON-ready data of each
"""

from skafd.machine.capacity import read_capacity
from skafd.machine.doctor import examine
from skafd.machine.enforcement import Enforcement, Strength, enforcement_of, read_enforcement
from skafd.machine.findings import Finding, Severity

__all__ = [
    "Enforcement",
    "Finding",
    "Severity",
    "Strength",
    "enforcement_of",
    "examine",
    "read_capacity",
    "read_enforcement",
]
