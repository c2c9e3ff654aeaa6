"""Whether a project fits the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skafd.daemon.fitting import warnings_for
from skafd.errors import Refused
from skafd.machine.enforcement import Enforcement, Strength
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.project import Project
from tests.support.stored import CONFIG

MACHINE = Capacity(cpu=2, memory_bytes=4 * 2**30)
KERNEL = Enforcement(Strength.V1, ("memory", "cpu", "pids"))
SWAPPING = replace(KERNEL, is_swap_uncounted=True)
NOBODY = Enforcement(Strength.NONE)


def project(resources: Resources) -> Project:
    return replace(CONFIG, jobs=(replace(CONFIG.jobs[0], resources=resources), *CONFIG.jobs[1:]))


def test_what_fits_needs_no_word() -> None:
    assert warnings_for(CONFIG, MACHINE, KERNEL) == []


def test_what_is_larger_than_the_machine_is_clamped_and_said() -> None:
    large = project(Resources(limits=Limits(cpu=8, memory_bytes=16 * 2**30, gpu=1)))
    memory, cpu, gpu = warnings_for(large, MACHINE, KERNEL)
    assert "ingest asks for 16Gi of memory; the machine has 4Gi" in memory
    assert "ingest asks for 8 cores; the machine has 2" in cpu
    assert "ingest asks for 1 GPUs; the machine has 0" in gpu


def test_requests_count_before_limits() -> None:
    modest = project(Resources(requests=Limits(memory_bytes=2**20), limits=Limits(memory_bytes=16 * 2**30)))
    assert warnings_for(modest, MACHINE, KERNEL) == []


def test_limits_that_nobody_enforces_are_said_once() -> None:
    (warning,) = warnings_for(CONFIG, MACHINE, NOBODY)
    assert "not enforced by the kernel" in warning
    assert warnings_for(project(Resources()), MACHINE, NOBODY) == []


def test_required_limits_that_nobody_enforces_are_refused() -> None:
    required = project(Resources(limits=Limits(cpu=1), required=True))
    with pytest.raises(Refused, match="ingest: the limits are required"):
        warnings_for(required, MACHINE, NOBODY)
    assert warnings_for(required, MACHINE, KERNEL) == []


def test_swap_that_nobody_counts_is_said_where_memory_is_limited() -> None:
    (warning,) = warnings_for(project(Resources(limits=Limits(memory_bytes=2**20))), MACHINE, SWAPPING)
    assert "jobs may take swap beyond their memory" in warning
    assert warnings_for(project(Resources(limits=Limits(cpu=1), required=True)), MACHINE, SWAPPING) == []


def test_a_required_limit_of_memory_is_refused_where_nobody_counts_swap() -> None:
    required = project(Resources(limits=Limits(memory_bytes=2**20), required=True))
    with pytest.raises(Refused, match="ingest: the limits are required, and the kernel does not count the swap"):
        warnings_for(required, MACHINE, SWAPPING)
    assert warnings_for(required, MACHINE, KERNEL) == []
