"""The writing of what was decided, and what must be true of it.

What follows from earlier writes is counted as they come, so that each check costs no more than what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skafd.engine.timeouts import OVER_TIME
from skafd.model.decisions import Decisions, Expanded, Heard, Kill, RunEnded, Transition
from skafd.model.ids import AttemptKey, JobId, RunKey, TaskKey
from skafd.model.project import DependencyRule
from skafd.model.run import CauseKind, Run, Task
from skafd.model.states import TaskState, check_transition
from skafd.schedule.timetable import Plan
from tests.support.simulated.conditions import check_asked, check_skipped
from tests.support.simulated.given_up import check_given_up
from tests.support.simulated.items import check_expanded, expected_tasks
from tests.support.simulated.machine import Held, Waiting
from tests.support.simulated.retries import check_end, check_wait
from tests.support.simulated.runs import Share, StoredRun, stored
from tests.support.simulated.tables import Tables

_LATE = timedelta(seconds=1)


@dataclass(slots=True)
class Store(Tables):
    """Fails as soon as something is written that must not be."""

    _attempts: dict[TaskKey, int] = field(default_factory=dict)
    """The number of the last attempt that began."""
    _launched: list[Waiting] = field(default_factory=list)
    """Those that begin in the present transaction, and where they stood."""
    found: dict[tuple[RunKey, JobId], tuple[str, ...]] = field(default_factory=dict)
    """The items that were found for a job."""
    skipped: set[TaskKey] = field(default_factory=set)
    """Somebody asked that they are passed over."""
    hurried: set[TaskKey] = field(default_factory=set)
    """Somebody asked that they go at once."""

    def write(self, plan: Plan, decisions: Decisions, now: datetime) -> None:
        """One transaction."""
        if decisions.heard:
            self._hear(decisions.heard)
        for run in decisions.new_runs:
            self._add_run(run)
        for expanded in decisions.expanded:
            self._expand(expanded)
        self._note(decisions.kills)
        for move in decisions.transitions:
            self._move(move, now)
        for expanded in decisions.expanded:
            found = self.found.pop((expanded.run, expanded.job), ())
            check_expanded(self.runs[expanded.run], expanded, found)
        self.machine.check(self._launched, now)
        self._launched.clear()
        self._note(decisions.kills)
        for run in decisions.new_runs:
            self.overlaps.check(self.runs[run.key], self.runs, self.killed)
        if plan.planned_until or decisions.missed:
            self.occurrences.decide(self, plan, decisions)
        if decisions.heard or decisions.gathered or decisions.unheeded or decisions.completed:
            self.events.write(self, decisions)
        for end in decisions.ended_runs:
            self._end_run(end)

    def check_launch(self, key: TaskKey) -> None:
        """Nothing begins before what it depends on."""
        open_run = self.runs.get(key.run)
        if open_run is None:
            return
        job, shares = open_run.shares[key.job].job, open_run.shares
        inside = [shares[one].has_passed for one in job.dependencies if one in shares]
        if job.always:
            assert open_run.open_before_end == 0, f"{key} began before the others had ended"
        elif job.dependency_rule is DependencyRule.ALL:
            assert all(inside), f"{key} began before its dependencies"
        elif inside and len(inside) == len(job.dependencies):
            assert any(inside), f"{key} began before any of its dependencies"

    # --- what is written --------------------------------------------------------------------------------

    def _note(self, kills: Iterable[Kill]) -> None:
        """Of attempts that run; what begins or ends in the same transaction may be killed in it as well."""
        for kill in kills:
            if self.alive.get(kill.attempt.task) == kill.attempt.number:
                self.killed[kill.attempt.task] = kill.reason

    def _hear(self, heard: Iterable[Heard]) -> None:
        for one in heard:
            assert one.number == self.last_event_number + 1, "a number was left out or used again"
            self.last_event_number = one.number

    def _add_run(self, run: Run) -> None:
        assert run.key not in self.runs
        assert run.key.number == self.last_run_numbers.get(run.key.project, 0) + 1
        jobs = self.jobs[run.key.project, run.deployment]
        open_run = stored(run, jobs, self.deployments[run.key.project, run.deployment].config.timeout_seconds)
        self.runs[run.key] = open_run
        self.last_run_numbers[run.key.project] = run.key.number
        self.overlaps.join(open_run)
        match run.cause.kind:
            case CauseKind.RETRY:
                self.resumed.check(run, jobs)
                return
            case CauseKind.BACKFILL:
                self.backfills.begin_run(run)
            case CauseKind.MANUAL:
                assert run.parameters == self.asked.pop(run.cause.detail), "it is given what was asked for, once"
            case CauseKind.DEPLOY:
                self._note_deployed(open_run)
            case CauseKind.EVENT:
                self._check_event_run(run)
        for share in open_run.shares.values():
            assert share.tasks == expected_tasks(share.job)
            assert not share.ended, "what is new has not begun"

    def _note_deployed(self, open_run: StoredRun) -> None:
        run, shares = open_run.run, open_run.shares
        deployed = self.deployed[run.key.project]
        for job, share in shares.items():
            is_root = not any(one in shares for one in share.job.dependencies) and not share.job.always
            assert not is_root or job not in deployed, f"{job} had its run of deployment {run.deployment}"
        deployed.update(shares)

    def _check_event_run(self, run: Run) -> None:
        event = run.cause.event
        assert event is not None and event.number <= self.last_event_number, "a run of an event that is not kept"
        assert len({*event.chain}) == len(event.chain), "a chain came round"
        self.counts["runs of events"] += 1

    def _expand(self, expanded: Expanded) -> None:
        open_run = self.runs[expanded.run]
        share = open_run.shares[expanded.job]
        more = len(expanded.tasks) - share.tasks
        share.tasks += more
        open_run.open += more
        open_run.open_before_end += more
        open_run.tasks.update({task.key: task for task in expanded.tasks})
        open_run.items.update({task.key: task.item for task in expanded.tasks if task.item is not None})
        self.counts["expanded"] += 1

    def _move(self, move: Transition, now: datetime) -> None:
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
        if move.attempt == 1:
            self.histories[key.run.project, key.job].last_started_at = now

    def _end_attempt(self, open_run: StoredRun, share: Share, move: Transition, now: datetime) -> None:
        key = move.task
        assert self.alive.pop(key, 0) == move.attempt, "an attempt ends once, after it began"
        was_killed = self.killed.pop(key, None) is not None
        is_over_time = open_run.deadline is not None and now >= open_run.deadline
        if not (is_over_time or self.is_time_doubtful):
            may_go_on = not was_killed and key.run.project in self.live
            had_bytes, all_bytes = open_run.memory_bytes.get(key), self.machine.capacity.memory_bytes
            check_end(share.job, move, now, had_bytes, all_bytes, may_go_on)
        if move.memory_bytes is not None:
            open_run.memory_bytes[key] = move.memory_bytes
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

    def _end_run(self, end: RunEnded) -> None:
        open_run = self.runs.pop(end.run)
        assert open_run.open == 0, "a run ends with its last task"
        assert end.state is open_run.expected_end(), f"{end}, and it is {open_run.expected_end()}"
        self.backfills.end_run(open_run.run)
        self.ended.append(open_run)
        self.counts["runs"] += 1

    def recount(self, now: datetime) -> None:
        """What is kept up to date is what it is by counting, and no retry is late."""
        self.machine.recount()
        assert {attempt.task: attempt.number for attempt in self.machine.alive} == self.alive
        alive = {key for one in self.runs.values() for key in one.tasks if one.state_of(key).is_alive}
        assert self.alive.keys() == alive
        for one in self.runs.values():
            one.recount()
            retries = [move for move, _ in one.moves() if move.new is TaskState.WAITING and move.not_before is not None]
            late = [move for move in retries if move.not_before is not None and move.not_before < now - _LATE]
            assert self.is_time_doubtful or not late, f"{late} are late"
