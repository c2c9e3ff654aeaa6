"""What must be true of the moves of tasks: from where to where, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from skafd.engine.timeouts import OVER_TIME
from skafd.model.decisions import Transition
from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.run import Task
from skafd.model.states import TaskState, check_transition
from tests.support.simulated.conditions import check_asked, check_skipped
from tests.support.simulated.given_up import check_given_up
from tests.support.simulated.holding import Held
from tests.support.simulated.machine import Waiting
from tests.support.simulated.new_runs import NewRuns
from tests.support.simulated.retries import Before, check_end, check_wait
from tests.support.simulated.runs import Share, StoredRun


@dataclass(slots=True)
class Moves(NewRuns):
    """One task after the other; what follows from earlier moves is counted as they come."""

    _attempts: dict[TaskKey, int] = field(default_factory=dict)
    """The number of the last attempt that began."""
    _launched: list[Waiting] = field(default_factory=list)
    """Those that begin in the present transaction, and where they stood."""
    skipped: set[TaskKey] = field(default_factory=set)
    """Somebody asked that they are passed over."""
    hurried: set[TaskKey] = field(default_factory=set)
    """Somebody asked that they go at once."""

    def move(self, move: Transition, now: datetime) -> None:
        """A task moves."""
        key, new = move.task, move.new
        open_run = self.runs[key.run]
        known = open_run.tasks[key]
        old, not_before = (known.state, None) if isinstance(known, Task) else (known[0].new, known[0].not_before)
        assert old is move.old, f"{move} from {old}"
        check_transition(old, new)
        share = open_run.shares[key.job]
        if new is TaskState.QUEUED:
            self._queue(open_run, share, move, not_before, now)
        elif new is TaskState.STARTING:
            self._begin(open_run, share, move, now)
        elif move.outcome is not None:
            self._end_attempt(open_run, share, move, now)
        if old is TaskState.QUEUED:
            self._leave_queue(move)
        open_run.tasks[key] = (move, now)
        if new.is_terminal:
            self._end(open_run, share, move, now, old)

    def _leave_queue(self, move: Transition) -> None:
        standing = self.machine.leave(move.task)
        if move.new is TaskState.STARTING:
            self.machine.hold(AttemptKey(move.task, move.attempt), standing.needs, move.gpus)
            self._launched.append(standing)

    def _queue(
        self, open_run: StoredRun, share: Share, move: Transition, not_before: datetime | None, now: datetime
    ) -> None:
        if not_before is not None and not self.is_time_doubtful and move.task not in self.hurried:
            check_wait(not_before, now)
        self.machine.wait(move.task, self._needs(open_run, share, move.task), share.job.priority, now)
        if move.attempt:
            return
        if not share.has_begun:
            share.has_begun = True
            check_asked(open_run, share.job)
            self.overlaps.check_turn(open_run, share.job)
        share.active += 1
        most = share.job.max_parallel
        assert most is None or share.active <= most, f"{share.active} instances of {move.task} at once"

    def _needs(self, open_run: StoredRun, share: Share, task: TaskKey) -> Held:
        memory_bytes = open_run.memory_bytes.get(task)
        if memory_bytes is None and share.needs is not None:
            return share.needs
        project = open_run.run.key.project
        own_pools = dict(self.deployments[project, open_run.run.deployment].config.pools)
        needs = self.machine.needs(share.job, project, tuple(own_pools), memory_bytes)
        if memory_bytes is None:
            share.needs = needs
        return needs

    def _begin(self, open_run: StoredRun, share: Share, move: Transition, now: datetime) -> None:
        key = move.task
        assert key not in self.alive, "two attempts of one task are alive"
        assert move.attempt == self._attempts.get(key, 0) + 1, "an attempt begins once"
        assert key.run.project in self.live, "nothing begins of a project that is not deployed"
        if open_run.deadline is not None and not self.is_time_doubtful and not share.job.always:
            assert now < open_run.deadline, f"{key} began when the time of its run was over"
        self.alive[key] = self._attempts[key] = move.attempt
        open_run.outputs.pop(key, None)
        if move.attempt == 1:
            self.histories[key.run.project, key.job].last_started_at = now

    def _end_attempt(self, open_run: StoredRun, share: Share, move: Transition, now: datetime) -> None:
        key = move.task
        assert self.alive.pop(key, 0) == move.attempt, "an attempt ends once, after it began"
        was_killed = self.killed.pop(key, None) is not None
        is_over_time = open_run.deadline is not None and now >= open_run.deadline
        if not (is_over_time or self.is_time_doubtful):
            may_go_on = not was_killed and key.run.project in self.live
            before = Before(open_run.excused.get(key, 0), open_run.memory_bytes.get(key))
            check_end(share.job, move, now, before, self.machine.capacity.memory_bytes, may_go_on)
        if move.memory_bytes is not None:
            open_run.memory_bytes[key] = move.memory_bytes
        if move.excused:
            open_run.excused[key] = move.excused
        if move.output is not None:
            open_run.outputs[key] = move.output
        self.machine.release(AttemptKey(key, move.attempt))
        self.counts["attempts"] += 1
        self.counts["retries"] += move.new is TaskState.WAITING

    def _end(self, open_run: StoredRun, share: Share, move: Transition, now: datetime, old: TaskState) -> None:
        key, job = move.task, share.job
        assert not (job.always and move.new is TaskState.UPSTREAM_FAILED), "what runs at the end runs in any case"
        is_by_hand = key in self.skipped and move.new is TaskState.SKIPPED
        if not move.attempt and not is_by_hand:
            check_skipped(open_run, job, move.new, move.reason)
            check_given_up(open_run, share, move.new, move.reason)
        if OVER_TIME in move.reason and not self.is_time_doubtful:
            assert open_run.deadline is not None and now >= open_run.deadline, f"{key} was ended before its time"
        share.count_end(move.new, move.reason, is_by_hand)
        share.active -= old is not TaskState.WAITING or move.attempt > 0
        open_run.open -= 1
        open_run.open_before_end -= not job.always
        self.counts["tasks"] += 1
        self._attempts.pop(key, None)
        if share.ended == share.tasks:
            self.overlaps.leave(open_run, key.job)
        if share.succeeded == share.tasks:
            self.histories[key.run.project, key.job].last_succeeded_at = now
