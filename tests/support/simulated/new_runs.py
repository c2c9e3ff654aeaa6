"""Runs that are new, and jobs whose instances are known now: what must be true of them."""

from __future__ import annotations

from dataclasses import dataclass

from skafd.model.decisions import Expanded
from skafd.model.run import CauseKind, Run
from tests.support.simulated.items import expected_tasks
from tests.support.simulated.runs import StoredRun, stored
from tests.support.simulated.tables import Tables


@dataclass(slots=True)
class NewRuns(Tables):
    """Each is numbered, is given what was asked for, and has not begun but for what it keeps of an earlier one."""

    def add_run(self, run: Run) -> None:
        """A run is made."""
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

    def expand(self, expanded: Expanded) -> None:
        """The items of a job are known: it has one task for each."""
        open_run = self.runs[expanded.run]
        share = open_run.shares[expanded.job]
        more = len(expanded.tasks) - share.tasks
        share.tasks += more
        open_run.open += more
        open_run.open_before_end += more
        open_run.tasks.update({task.key: task for task in expanded.tasks})
        open_run.items.update({task.key: task.item for task in expanded.tasks if task.item is not None})
        self.counts["expanded"] += 1
