"""Whether a project fits the machine: what is clamped with a warning, and what is refused."""

from __future__ import annotations

from skafd.errors import Refused
from skafd.machine.enforcement import Enforcement
from skafd.model.limits import Capacity
from skafd.model.project import Job, Project
from skafd.units import format_memory


def warnings_for(config: Project, capacity: Capacity, enforcement: Enforcement) -> list[str]:
    """What people should know before they rely on it. Raises Refused where `limits: required` cannot be kept."""
    found = [warning for job in config.jobs for warning in _too_large(job, capacity)]
    limited = [job for job in config.jobs if job.resources.limits.memory_bytes or job.resources.limits.cpu]
    if enforcement.is_enforced:
        return [*found, *_swapped(limited, enforcement)]
    if not limited:
        return found
    _refuse_required(limited, "this machine cannot enforce them", "`skafd doctor` says what is missing")
    return [*found, "limits are watched by sampling, not enforced by the kernel: `skafd doctor` says why"]


def _swapped(limited: list[Job], enforcement: Enforcement) -> list[str]:
    """Raises Refused."""
    held = [job for job in limited if job.resources.limits.memory_bytes]
    if not held or not enforcement.is_swap_uncounted:
        return []
    _refuse_required(held, "the kernel does not count the swap of this machine", "`skafd doctor` says what to do")
    return ["jobs may take swap beyond their memory, which the kernel does not count: `skafd doctor` says what to do"]


def _refuse_required(held: list[Job], why: str, hint: str) -> None:
    required = [job.name for job in held if job.resources.required]
    if required:
        raise Refused(f"{', '.join(required)}: the limits are required, and {why}", hint)


def _too_large(job: Job, capacity: Capacity) -> list[str]:
    reserved = job.resources.reserved()
    found = []
    if reserved.memory_bytes is not None and reserved.memory_bytes > capacity.memory_bytes:
        wanted, there = format_memory(reserved.memory_bytes), format_memory(capacity.memory_bytes)
        found.append(f"{job.name} asks for {wanted} of memory; the machine has {there}, so it runs alone with that")
    if reserved.cpu is not None and reserved.cpu > capacity.cpu:
        found.append(f"{job.name} asks for {reserved.cpu:g} cores; the machine has {capacity.cpu:g}")
    if reserved.gpu > capacity.gpu:
        found.append(f"{job.name} asks for {reserved.gpu} GPUs; the machine has {capacity.gpu}")
    return found
