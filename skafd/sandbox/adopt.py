"""What became of an attempt: found out by a daemon that was not there, and cleared up after a dead supervisor."""

from __future__ import annotations

import os
from dataclasses import dataclass

from skafd import crash
from skafd.errors import SandboxError
from skafd.sandbox import claim as claims
from skafd.sandbox import evidence, identity, kill, processes
from skafd.sandbox.cgroup.base import CgroupKind
from skafd.sandbox.cgroup.open import open_cgroup
from skafd.sandbox.claim import MACHINE_RESTARTED, Claim
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.stage import cookie
from skafd.sandbox.tree import ProcessTree


@dataclass(frozen=True, slots=True)
class Finished:
    """It ended, and its supervisor said how."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Alive:
    """Its supervisor is at work; `open_supervisor` watches over it."""

    claim: Claim

    @property
    def pid(self) -> int:
        """The supervisor's."""
        return self.claim.supervisor_pid


@dataclass(frozen=True, slots=True)
class Orphaned:
    """It was claimed, and its supervisor is gone without a word: `end_orphan`, then call it lost."""

    reason: str
    claim: Claim | None
    """None when the claim itself is damaged."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Nothing of it ever began."""


Finding = Finished | Alive | Orphaned | Unclaimed


def inspect(directory: str, boot_id: str) -> Finding:
    """Finds out from an attempt's folder what became of it; `boot_id` is the machine's present one."""
    finding = _inspect_claim(directory, boot_id)
    # Read after the supervisor was looked for: it writes its record before it ends.
    try:
        found = evidence.read(directory)
    except SandboxError as error:
        if not isinstance(finding, Orphaned) or finding.reason == MACHINE_RESTARTED:
            return finding
        return Orphaned(error.message, finding.claim)
    return finding if found is None else Finished(found)


def open_supervisor(claim: Claim) -> int | None:
    """A pidfd of the supervisor, readable when it has ended; None when it is gone."""
    return kill.open_process(claim.supervisor_pid, claim.start_time)


@crash.around("orphan.end")
def end_orphan(orphan: Orphaned) -> int:
    """Kills what is left of an attempt whose supervisor is gone, and removes its cgroup; returns how many died.

    Raises SandboxError or OSError when something cannot be ended or removed.
    """
    claim = orphan.claim
    if claim is None or claim.boot_id != identity.boot_id():
        return 0
    cgroup = open_cgroup(claim.cgroup)
    killed = ProcessTree(cgroup, lambda: _left_without_cgroup(claim)).kill_all()
    cgroup.remove()
    return killed


def _left_without_cgroup(claim: Claim) -> list[int]:
    if claim.cgroup.kind is not CgroupKind.NONE:
        return []
    return [pid for pid in processes.with_cookie(cookie(claim.cgroup_name)) if pid != os.getpid()]


def _inspect_claim(directory: str, boot_id: str) -> Alive | Orphaned | Unclaimed:
    try:
        claim = claims.read(directory)
    except SandboxError as error:
        return Orphaned(error.message, None)
    if claim is None:
        return Unclaimed()
    if claim.boot_id != boot_id:
        return Orphaned(MACHINE_RESTARTED, claim)
    if identity.start_time(claim.supervisor_pid) != claim.start_time:
        return Orphaned("its supervisor was killed", claim)
    return Alive(claim)
