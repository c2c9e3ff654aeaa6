"""What is due when, and what becomes of the instants at which nobody looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.errors import ScheduleError
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import CatchUp, Schedule
from skafd.schedule import Due, Occurrence, Plan, PlannedUntil, Timetable, parse
from tests.support.rules import states_rule

CHURN, OTHER = ProjectId("churn"), ProjectId("other")
INGEST, TRAIN = JobId("ingest"), JobId("train")
MIDNIGHT = datetime(2030, 6, 1, tzinfo=UTC)
DOWN = "the daemon was down"


def at(hour: float, day: int = 1) -> datetime:
    return MIDNIGHT + timedelta(days=day - 1, hours=hour)


def timetable_of(*schedules: Schedule, since: datetime = MIDNIGHT) -> Timetable:
    timetable = Timetable()
    timetable.put(CHURN, INGEST, schedules, since)
    return timetable


def due_instants(plan: Plan) -> list[datetime]:
    return [due.instant for due in plan.due]


def missed_instants(plan: Plan) -> list[datetime]:
    return [missed.instant for missed in plan.missed]


def test_a_job_is_due_at_its_instant_and_once() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    assert timetable.next_at() == at(11)
    assert timetable.due(at(10.9)) == Plan()
    assert timetable.due(at(11)) == Plan((Due(CHURN, at(11), (INGEST,)),), (), (PlannedUntil(CHURN, INGEST, at(11)),))
    assert timetable.due(at(11)) == Plan()
    assert timetable.next_at() == at(11, day=2)


def test_jobs_of_a_project_with_the_same_instant_share_a_run() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    timetable.put(CHURN, TRAIN, [Schedule("0 13 * * *", timezone="Europe/Berlin")], MIDNIGHT)
    timetable.put(OTHER, TRAIN, [Schedule("@hourly")], at(10))
    assert timetable.due(at(11)).due == (Due(CHURN, at(11), (INGEST, TRAIN)), Due(OTHER, at(11), (TRAIN,)))


def test_schedules_of_a_job_catch_up_each_by_itself() -> None:
    states_rule("Each schedule of a job catches up by itself, as its own `catch_up` says.", "schedules")
    schedules = (
        Schedule("0 6 * * *"),
        Schedule("0 18 * * *", catch_up=CatchUp.ALL),
        Schedule("0 12 * * *", catch_up=CatchUp.SKIP),
    )
    plan = timetable_of(*schedules).due(at(20, day=3), DOWN)
    assert due_instants(plan) == [at(18), at(18, day=2), at(6, day=3), at(18, day=3)]
    assert missed_instants(plan) == [at(6), at(12), at(6, day=2), at(12, day=2), at(12, day=3)]


def test_a_job_with_two_schedules_is_due_once_where_they_meet() -> None:
    states_rule(
        "A job may have a list of schedules: it is due at each instant of any of them, and once where they share one.",
        "schedules",
    )
    timetable = timetable_of(Schedule("0 11 * * *"), Schedule("0 */11 * * *"))
    assert timetable.due(at(11)).due == (Due(CHURN, at(11), (INGEST,)),)
    assert timetable.next_at() == at(22)


def test_a_late_look_still_finds_what_is_due() -> None:
    plan = timetable_of(Schedule("0 11 * * *")).due(at(12.5))
    assert plan.due == (Due(CHURN, at(11), (INGEST,)),)
    assert plan.planned_until == (PlannedUntil(CHURN, INGEST, at(12.5)),)


def test_the_clock_may_be_set_back() -> None:
    timetable = timetable_of(Schedule("@hourly"))
    assert len(timetable.due(at(1)).due) == 1
    assert timetable.due(at(0.5)) == Plan()
    assert due_instants(timetable.due(at(2))) == [at(2)]


# --- catch-up -----------------------------------------------------------------------------------------------


def test_after_a_downtime_only_the_latest_occurrence_runs_and_the_others_say_why() -> None:
    plan = timetable_of(Schedule("@hourly")).due(at(4.5), DOWN)
    assert due_instants(plan) == [at(4)]
    assert missed_instants(plan) == [at(1), at(2), at(3)]
    assert {missed.cause for missed in plan.missed} == {DOWN}


def test_all_occurrences_run_where_the_schedule_says_so() -> None:
    plan = timetable_of(Schedule("@hourly", catch_up=CatchUp.ALL)).due(at(3), DOWN)
    assert (due_instants(plan), missed_instants(plan)) == ([at(1), at(2), at(3)], [])


@pytest.mark.parametrize(
    ("catch_up", "due", "missed"),
    [(CatchUp.ALL, [at(3), at(4)], [at(1), at(2)]), (CatchUp.LATEST, [at(4)], [at(1), at(2), at(3)])],
)
def test_occurrences_older_than_within_are_missed(
    catch_up: CatchUp, due: Sequence[datetime], missed: Sequence[datetime]
) -> None:
    plan = timetable_of(Schedule("@hourly", catch_up=catch_up, within_seconds=2 * 3600)).due(at(4.5), DOWN)
    assert (due_instants(plan), missed_instants(plan)) == (due, missed)


def test_the_latest_is_missed_too_when_it_is_older_than_within() -> None:
    states_rule("With `within:` an occurrence that is older is missed in any case.", "schedules")
    plan = timetable_of(Schedule("0 11 * * *", within_seconds=3600)).due(at(14), DOWN)
    assert (due_instants(plan), missed_instants(plan)) == ([], [at(11)])


@pytest.mark.parametrize(("late_seconds", "is_due"), [(0, True), (60, True), (61, False)])
def test_skip_runs_what_is_a_little_late_and_nothing_older(late_seconds: float, is_due: bool) -> None:
    timetable = timetable_of(Schedule("0 11 * * *", catch_up=CatchUp.SKIP))
    plan = timetable.due(at(11) + timedelta(seconds=late_seconds), DOWN)
    assert (due_instants(plan), missed_instants(plan)) == (([at(11)], []) if is_due else ([], [at(11)]))


@pytest.mark.parametrize("expression", ["* * * * *", "every 1 second", "* * * 1-3 *"])
def test_a_year_of_downtime_ends_in_a_thousand_rows(expression: str) -> None:
    states_rule(
        "After a long absence at most 1,000 rows are written for a schedule: "
        "the oldest row says how many more it stands for.",
        "schedules",
    )
    timetable = timetable_of(Schedule(expression), since=MIDNIGHT - timedelta(days=365))
    plan = timetable.due(MIDNIGHT, DOWN)
    assert len(plan.due) == 1
    assert len(plan.missed) == 1000
    first = plan.missed[0]
    assert first.cause == f"{DOWN}; more than 10000 further occurrences from then on share this row"
    assert {missed.cause for missed in plan.missed[1:]} == {DOWN}
    assert plan.missed[-1].instant < plan.due[0].instant
    assert timetable.due(MIDNIGHT) == Plan()


def test_one_row_says_how_many_it_stands_for() -> None:
    plan = timetable_of(Schedule("every 10 seconds")).due(MIDNIGHT + timedelta(seconds=10 * 1500), DOWN)
    assert plan.missed[0].instant == MIDNIGHT + timedelta(seconds=10)
    assert plan.missed[0].cause == f"{DOWN}; 499 further occurrences from then on share this row"
    assert len(plan.missed) == 1 + 999


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["every 7 seconds", "* * * * *", "0 */3 * * *", "30 2 * * MON", "0 0 1 * *"]),
    st.sampled_from(list(CatchUp)),
    st.lists(st.floats(1, 4 * 86400), min_size=1, max_size=5),
)
def test_every_occurrence_is_either_due_or_missed_and_only_once(
    expression: str, catch_up: CatchUp, steps: Sequence[float]
) -> None:
    states_rule("Every occurrence gets a run or a row that says why it was missed.", "schedules")
    timetable = timetable_of(Schedule(expression, "Europe/Berlin", catch_up))
    now = MIDNIGHT
    plans = []
    for seconds in steps:
        now += timedelta(seconds=seconds)
        plans.append(timetable.due(now, DOWN))
    decided = sorted(instant for plan in plans for instant in due_instants(plan) + missed_instants(plan))
    expected = list(takewhile(lambda one: one <= now, parse(expression, "Europe/Berlin").after(MIDNIGHT)))
    if any("share this row" in missed.cause for plan in plans for missed in plan.missed):
        assert len(set(decided)) == len(decided)
        assert set(decided) < set(expected)
    else:
        assert decided == expected


# --- changes of the timetable -------------------------------------------------------------------------------


def test_putting_a_job_again_replaces_its_schedule() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    timetable.put(CHURN, INGEST, [Schedule("0 15 * * *")], at(10))
    assert timetable.next_at() == at(15)
    timetable.put(CHURN, INGEST, [], at(10))
    assert timetable.next_at() is None


def test_a_removed_project_is_never_due_again() -> None:
    timetable = timetable_of(Schedule("@hourly"))
    timetable.put(OTHER, INGEST, [Schedule("0 11 * * *")], MIDNIGHT)
    timetable.remove(CHURN)
    timetable.remove(CHURN)
    assert timetable.next_at() == at(11)
    assert timetable.next_of(CHURN, INGEST) is None
    assert timetable.due(at(11)).due == (Due(OTHER, at(11), (INGEST,)),)


def test_a_schedule_that_is_refused_leaves_the_old_one() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    with pytest.raises(ScheduleError):
        timetable.put(CHURN, INGEST, [Schedule("nonsense")], MIDNIGHT)
    assert timetable.next_at() == at(11)


def test_deploying_again_and_again_leaves_nothing_behind() -> None:
    timetable = Timetable()
    for _ in range(500):
        timetable.remove(CHURN)
        timetable.put(CHURN, INGEST, [Schedule("0 0 1 1 *")], MIDNIGHT)
    assert len(timetable._heap) < 10


# --- for the screen -----------------------------------------------------------------------------------------


def test_the_next_time_of_a_job_is_the_earliest_of_its_schedules() -> None:
    timetable = timetable_of(Schedule("0 15 * * *"), Schedule("0 11 * * *"))
    assert timetable.next_of(CHURN, INGEST) == at(11)
    timetable.due(at(11))
    assert timetable.next_of(CHURN, INGEST) == at(15)
    assert timetable.next_of(CHURN, TRAIN) is None


def test_upcoming_walks_through_the_whole_machine() -> None:
    timetable = timetable_of(Schedule("0 */10 * * *"))
    timetable.put(OTHER, TRAIN, [Schedule("0 11 * * *")], MIDNIGHT)
    assert timetable.upcoming(4) == (
        Occurrence(CHURN, INGEST, at(10)),
        Occurrence(OTHER, TRAIN, at(11)),
        Occurrence(CHURN, INGEST, at(20)),
        Occurrence(CHURN, INGEST, at(0, day=2)),
    )
    assert timetable.next_at() == at(10)


def test_a_day_of_ten_thousand_jobs_is_planned_completely() -> None:
    timetable = Timetable()
    for number in range(10_000):
        schedule = Schedule(f"{number % 60} {number % 24} * * *")
        timetable.put(ProjectId(f"p{number % 100}"), JobId(f"j{number}"), [schedule], MIDNIGHT - timedelta(seconds=1))
    fired = 0
    while (now := timetable.next_at()) is not None and now < at(24):
        fired += sum(len(due.jobs) for due in timetable.due(now).due)
    assert fired == 10_000


def test_the_schedules_of_a_project_are_replaced_all_at_once() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    timetable.put(OTHER, INGEST, [Schedule("0 3 * * *")], MIDNIGHT)
    timetable.replace(CHURN, {TRAIN: ([Schedule("0 5 * * *")], MIDNIGHT)})
    assert timetable.next_of(CHURN, INGEST) is None
    assert [due.jobs for due in timetable.due(at(11)).due] == [(INGEST,), (TRAIN,)]


def test_schedules_that_are_not_understood_replace_nothing() -> None:
    timetable = timetable_of(Schedule("0 11 * * *"))
    with pytest.raises(ScheduleError):
        timetable.replace(CHURN, {INGEST: ([Schedule("0 5 * * *")], MIDNIGHT), TRAIN: ([Schedule("now")], MIDNIGHT)})
    assert due_instants(timetable.due(at(11))) == [at(11)]


def test_upcoming_leaves_out_jobs_of_which_nothing_will_come() -> None:
    timetable = timetable_of(Schedule("every 1 minute"))
    timetable.put(CHURN, TRAIN, (Schedule("0 11 * * *"),), MIDNIGHT)
    found = timetable.upcoming(5, at(24), is_left_out=lambda _, job: job == INGEST)
    assert found == (Occurrence(CHURN, TRAIN, at(11)),)


def test_upcoming_ends_where_it_is_told_to() -> None:
    timetable = timetable_of(Schedule("@hourly"))
    timetable.put(OTHER, TRAIN, [Schedule("0 11 * * *")], MIDNIGHT)
    assert len(timetable.upcoming(1000, at(24))) == 25
    assert timetable.upcoming(1000, at(24), OTHER) == (Occurrence(OTHER, TRAIN, at(11)),)


# --- pauses, and clocks that are set back -------------------------------------------------------------------


def test_what_would_have_been_due_while_paused_is_missed_for_that() -> None:
    timetable = timetable_of(Schedule("@hourly", catch_up=CatchUp.ALL))
    timetable.put(CHURN, TRAIN, [Schedule("@hourly")], MIDNIGHT)
    timetable.pause([(CHURN, INGEST)])
    plan = timetable.due(at(2.5), DOWN)
    assert [(missed.job, missed.instant, missed.cause) for missed in plan.missed] == [
        (INGEST, at(1), "paused"),
        (TRAIN, at(1), DOWN),
        (INGEST, at(2), "paused"),
    ]
    assert plan.due == (Due(CHURN, at(2), (TRAIN,)),)
    timetable.pause([])
    assert timetable.due(at(3)).due == (Due(CHURN, at(3), (INGEST, TRAIN)),)


def test_a_paused_project_pauses_all_of_its_jobs_and_no_others() -> None:
    timetable = timetable_of(Schedule("@hourly"))
    timetable.put(OTHER, TRAIN, [Schedule("@hourly")], MIDNIGHT)
    timetable.pause([(CHURN, None)])
    assert timetable.is_paused(CHURN, INGEST)
    assert timetable.due(at(1)).due == (Due(OTHER, at(1), (TRAIN,)),)


def test_after_a_clock_that_was_a_year_ahead_is_set_right_jobs_go_on_at_once() -> None:
    timetable = timetable_of(Schedule("@hourly"))
    ahead = at(0.5) + timedelta(days=365)
    timetable.due(ahead)
    timetable.set_back(at(0.5))
    assert timetable.next_at() == at(1)
    assert due_instants(timetable.due(at(1))) == [at(1)]


def test_a_run_gets_the_parameters_of_the_schedules_that_set_it_off() -> None:
    often = Schedule("@hourly", parameters=(("full", "false"), ("region", "eu")))
    nightly = Schedule("0 2 * * *", parameters=(("full", "true"),))
    timetable = timetable_of(often, nightly)
    assert timetable.due(at(1)).due == (Due(CHURN, at(1), (INGEST,), (("full", "false"), ("region", "eu"))),)
    assert dict(timetable.due(at(2)).due[0].parameters)["region"] == "eu"
