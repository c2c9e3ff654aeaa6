"""The alarm is set to what comes next, and never to nothing while something is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from skafd.daemon.agenda import Agenda
from skafd.daemon.clocks import Jump
from skafd.errors import ScheduleError
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, ProjectId
from skafd.model.missed import MissedCause
from skafd.model.project import Schedule
from tests.support.rules import states_rule
from tests.support.stored import CONFIG, INGEST, NOON, TRAIN

CHURN = ProjectId("churn")
QUIET = Jump(0, 0)
HOUR = timedelta(hours=1)


def deployed(*expressions: str) -> Deployment:
    schedules = tuple(Schedule(one) for one in expressions)
    jobs = (replace(CONFIG.jobs[0], schedules=schedules), CONFIG.jobs[1])
    return Deployment(CHURN, DeploymentNumber(1), "hash", replace(CONFIG, jobs=jobs), "key", NOON)


def never(*_: object) -> bool:
    """No occurrence was decided before."""
    return False


class Alarms(list[datetime | None]):
    def agenda(self) -> Agenda:
        return Agenda(self.append)


def test_the_earlier_of_retry_and_schedule_rings() -> None:
    alarms = Alarms()
    agenda = alarms.agenda()
    agenda.replace(deployed("0 14 * * *"), {INGEST: NOON})
    agenda.move_alarm(None)
    agenda.move_alarm(NOON + HOUR)
    agenda.move_alarm(NOON + HOUR)
    agenda.move_alarm(NOON + 3 * HOUR)
    assert alarms == [NOON + 2 * HOUR, NOON + HOUR, NOON + 2 * HOUR]


def test_an_alarm_that_rang_is_set_again_though_the_clock_was_set_back() -> None:
    alarms = Alarms()
    agenda = alarms.agenda()
    agenda.replace(deployed("0 14 * * *"), {INGEST: NOON})
    agenda.move_alarm(None)
    agenda.rang()
    assert agenda.plan(NOON + HOUR, QUIET, never).due == ()
    agenda.move_alarm(None)
    assert alarms == [NOON + 2 * HOUR] * 2


def test_nothing_to_come_switches_it_off() -> None:
    alarms = Alarms()
    agenda = alarms.agenda()
    agenda.move_alarm(NOON)
    agenda.move_alarm(None)
    assert alarms == [NOON, None]


def test_a_project_that_goes_takes_its_schedules_with_it() -> None:
    agenda = Alarms().agenda()
    agenda.replace(deployed("0 14 * * *"), {INGEST: NOON})
    assert agenda.next_of(CHURN, INGEST) == NOON + 2 * HOUR
    assert agenda.next_of(CHURN, TRAIN) is None
    agenda.remove(CHURN)
    assert agenda.next_of(CHURN, INGEST) is None


def test_a_schedule_that_is_not_understood_changes_nothing() -> None:
    agenda = Alarms().agenda()
    agenda.replace(deployed("0 14 * * *"), {INGEST: NOON})
    with pytest.raises(ScheduleError):
        agenda.replace(deployed("0 15 * * *", "whenever"), {INGEST: NOON})
    assert agenda.next_of(CHURN, INGEST) == NOON + 2 * HOUR


def test_what_is_late_after_a_failure_to_write_is_late_for_that() -> None:
    agenda = Alarms().agenda()
    agenda.planned()
    agenda.failed(MissedCause.DISK_FULL)
    agenda.replace(deployed("0 * * * *"), {INGEST: NOON})
    assert {missed.cause for missed in agenda.plan(NOON + 3 * HOUR, QUIET, never).missed} == {"the disk was full"}
    agenda.planned()
    assert {missed.cause for missed in agenda.plan(NOON + 6 * HOUR, QUIET, never).missed} == {"skafd was busy"}


@pytest.mark.parametrize(
    ("asleep", "stepped", "cause"),
    [
        (3 * 3600, 0, "the machine was asleep"),
        (0, 3 * 3600, "the clock was set forward"),
        (3600, 60, "the machine was asleep"),
        (0, 5, "skafd was busy"),
    ],
)
def test_what_the_clocks_say_is_why_an_occurrence_is_missed(asleep: float, stepped: float, cause: str) -> None:
    jump = Jump(asleep_seconds=asleep, stepped_seconds=stepped)
    agenda = Alarms().agenda()
    agenda.planned()
    agenda.replace(deployed("0 * * * *"), {INGEST: NOON})
    assert {missed.cause for missed in agenda.plan(NOON + 3 * HOUR, jump, never).missed} == {cause}


def test_a_clock_that_is_set_back_a_year_stops_nothing_and_repeats_nothing() -> None:
    states_rule(
        "A clock that is set back makes nothing run twice: an instant that had its run, or its row, "
        "does not come again; others come as the clock says.",
        "schedules",
    )
    agenda = Alarms().agenda()
    agenda.planned()
    agenda.replace(deployed("0 * * * *"), {INGEST: NOON + timedelta(days=365)})
    decided = {NOON + HOUR}
    back = Jump(0, stepped_seconds=-365 * 86400)
    assert agenda.plan(NOON, back, lambda _project, _job, instant: instant in decided).due == ()
    assert agenda.next_of(CHURN, INGEST) == NOON + HOUR
    agenda.planned()
    plan = agenda.plan(NOON + HOUR, QUIET, lambda _project, _job, instant: instant in decided)
    assert (plan.due, plan.missed) == ((), ())
    assert agenda.next_of(CHURN, INGEST) == NOON + 2 * HOUR


def test_nothing_comes_twice_though_the_daemon_was_restarted_since_the_clock_was_set_back() -> None:
    agenda = Alarms().agenda()
    agenda.replace(deployed("0 * * * *"), {INGEST: NOON})
    assert agenda.plan(NOON + HOUR, QUIET, lambda *_: True).due == ()


def test_nothing_comes_twice_when_a_new_version_delays_what_had_its_run_without_delay() -> None:
    spread = Schedule("0 * * * *", jitter_seconds=300)
    config = replace(CONFIG, jobs=(replace(CONFIG.jobs[0], schedules=(spread,)), CONFIG.jobs[1]))
    agenda = Alarms().agenda()
    just_after = NOON + timedelta(seconds=1)
    agenda.replace(Deployment(CHURN, DeploymentNumber(2), "hash", config, "key", NOON), {INGEST: just_after})
    coming = agenda.next_of(CHURN, INGEST)
    assert coming is not None and coming < NOON + timedelta(seconds=300)
    plan = agenda.plan(coming, QUIET, lambda _project, _job, instant: instant == NOON)
    assert (plan.due, plan.missed) == ((), ())
    assert agenda.next_of(CHURN, INGEST) not in (None, coming)


def test_what_is_late_at_the_start_is_the_fault_of_the_daemon_and_later_of_the_machine() -> None:
    agenda = Alarms().agenda()
    agenda.replace(deployed("0 * * * *"), {INGEST: NOON})
    assert {missed.cause for missed in agenda.plan(NOON + 3 * HOUR, QUIET, never).missed} == {"the daemon was down"}
    agenda.planned()
    assert {missed.cause for missed in agenda.plan(NOON + 6 * HOUR, QUIET, never).missed} == {"skafd was busy"}
