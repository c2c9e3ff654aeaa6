"""The machine: what it has, what it can enforce, and what is wrong with it.

capacity.read_capacity() -> model.limits.Capacity
enforcement.enforcement_of(place) -> Enforcement    # place: sandbox.cgroup.detect.detect(home.path)
enforcement.read_enforcement() -> Enforcement       # without a daemon: tries it out
doctor.examine(home) -> tuple[Finding, ...]         # `skafd doctor`; dataclasses.asdict makes JSON-ready data of each

Nothing is imported here: the daemon is not to carry what only `skafd doctor` needs.
"""
