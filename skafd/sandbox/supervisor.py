"""The life of one attempt, in one process that outlives the daemon and the launcher.

Claims the attempt, makes its cgroup and its working folder, runs its commands, ends what they leave behind, reads the
kernel's figures, removes the cgroup, writes `exit.json`, tells the daemon. Whatever goes wrong on the way is
written there too.
"""

from __future__ import annotations

import time
from dataclasses import replace

from skafd import crash
from skafd.no_room import is_for_want_of_room
from skafd.sandbox import claim, kill, report, small_files, workspace
from skafd.sandbox.ahead import Ahead
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.cgroup.open import open_cgroup, unenforced
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.execution import Execution
from skafd.sandbox.redact import Redactor
from skafd.sandbox.spec import AttemptSpec


class _NotStarted(Exception):
    """The attempt ends before its first exec; `str()` is the reason."""

    def __init__(self, reason: str, verdict: Verdict = Verdict.NOT_STARTED, for_want_of_room: bool = False) -> None:
        super().__init__(reason)
        self.evidence = Evidence(verdict, reason=reason, for_want_of_room=for_want_of_room)


def supervise(spec: AttemptSpec, place: CgroupPlace, ahead: Ahead) -> bool:
    """Runs the attempt to its end in this process, unless it belongs to another supervisor.

    Whether the process is fit for another attempt: this one ended as most do, and that is on the disk and known.
    """
    leaf = place.leaf(spec.cgroup_name)
    try:
        if not _claim(spec, leaf):
            return False
    except OSError as error:
        # Without a claim nothing may be written: another supervisor might own the folder.
        refusal = _NotStarted(f"the attempt could not be claimed: {error}", for_want_of_room=is_for_want_of_room(error))
        report.tell_ended(spec, replace(refusal.evidence, ended_at=time.time()))
        return False
    evidence = _Attempt(spec, leaf, ahead).run()
    return report.record_and_tell(spec, _masked(spec, evidence)) and _is_ordinary(spec, evidence)


def _masked(spec: AttemptSpec, evidence: Evidence) -> Evidence:
    """Most ends need no words."""
    return replace(evidence, reason=Redactor(spec.secrets).mask(evidence.reason)) if evidence.reason else evidence


def _is_ordinary(spec: AttemptSpec, evidence: Evidence) -> bool:
    """Nobody wanted its end, nothing went wrong, and nothing of it can be left."""
    is_plain = spec.confinement is None and spec.warm is None and not spec.gives_away
    went_well = evidence.verdict is Verdict.EXITED and not evidence.reason and not evidence.survivors_killed
    return is_plain and went_well and kill.cancel_request(spec.directory) is None


def _claim(spec: AttemptSpec, leaf: CgroupPlace) -> bool:
    small_files.make_folders(spec.directory)
    return claim.take(spec.directory, spec.cgroup_name, leaf) is not None


class _Attempt:
    """From the claim to the evidence."""

    def __init__(self, spec: AttemptSpec, leaf: CgroupPlace, ahead: Ahead) -> None:
        self._spec = spec
        self._leaf = leaf
        self._cgroup = open_cgroup(leaf)
        self._unenforced: tuple[str, ...] = ()
        self._execution = Execution(spec, leaf, self._cgroup, ahead)

    def run(self) -> Evidence:
        """Never raises: what went wrong is in the evidence."""
        try:
            evidence = self._run()
        except _NotStarted as error:
            evidence = error.evidence
        except Exception as error:
            evidence = self._execution.abandon(error)
        workspace.clear(self._spec)
        evidence, ended_at = self._cleared(evidence), self._execution.end_time()
        return replace(evidence, limits=self._spec.limits, unenforced=self._unenforced, ended_at=ended_at)

    def _run(self) -> Evidence:
        self._refuse_if_cancelled()
        self._make_cgroup()
        self._prepare_folder()
        self._refuse_if_cancelled()
        return self._execution.run()

    def _refuse_if_cancelled(self) -> None:
        reason = kill.cancel_reason(self._spec.directory)
        if reason is not None:
            raise _NotStarted(reason, Verdict.CANCELLED)

    @crash.around("cgroup.make")
    def _make_cgroup(self) -> None:
        try:
            refused = self._cgroup.create(self._spec.limits)
        except OSError as error:
            reason = f"its control group could not be made: {error}"
            raise _NotStarted(reason, for_want_of_room=is_for_want_of_room(error)) from error
        self._unenforced = unenforced(self._leaf, self._spec.limits) + refused
        if self._unenforced and self._spec.limits.required:
            raise _NotStarted(f"its limits are required, and {self._unenforced[0]}")

    @crash.around("work-folder.make")
    def _prepare_folder(self) -> None:
        try:
            workspace.prepare(self._spec)
        except OSError as error:
            workspace.discard(f"{self._spec.directory}/work")
            reason = f"its working folder could not be made: {error}"
            raise _NotStarted(reason, for_want_of_room=is_for_want_of_room(error)) from error

    @crash.around("cgroup.remove")
    def _cleared(self, evidence: Evidence) -> Evidence:
        """Removes the cgroup; the evidence says so when that was refused."""
        try:
            self._cgroup.remove()
        except OSError as error:
            sentence = f"its control group could not be removed: {error}"
            return replace(evidence, reason=f"{evidence.reason}; {sentence}" if evidence.reason else sentence)
        return evidence
