"""R15: a clock that is set forward or back, steps of NTP, a machine that was suspended: no storm of runs, nothing waits
for a time that was only on the clock, and every instant is a run or a row that says why not.

The real daemon, whose clocks the test sets; `make vm-test` does it with `date --set` in a virtual machine.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.set_clock import TimeTraveller
from tests.support.tortured import scaled

HOUR = timedelta(hours=1)
TICK = timedelta(seconds=2)
JOBS = """\
  - {name: tick, entrypoint: "true", schedule: {cron: every 2 seconds, catch_up: skip}}
  - {name: newest, entrypoint: "true", schedule: {cron: "*/10 * * * *", catch_up: latest}}
  - {name: each, entrypoint: "true", schedule: {cron: "*/10 * * * *", catch_up: all, overlap: allow}}
  - name: flaky
    entrypoint: test $SKAFD_ATTEMPT -ge 2
    on_deploy: wait
    retry: {times: 3, delay: 4s}
"""
STEPS = scaled(6, 50)
Decided = dict[datetime, tuple[str, str]]


@pytest.fixture
def machine() -> Iterator[TimeTraveller]:
    with TimeTraveller() as traveller:
        traveller.start()
        traveller.deploy(traveller.write("clock", JOBS))
        wait_for_tick(traveller, traveller.now())
        yield traveller


def decided(machine: TimeTraveller, job: str) -> Decided:
    """What became of each instant of a job."""
    database = sqlite3.connect(f"file:{machine.home.database}?mode=ro", uri=True)
    sql = """SELECT occurrence.instant, occurrence.state, occurrence.cause FROM occurrence
        WHERE job IN (SELECT value ->> 'id' FROM deployment, json_each(config, '$.jobs') WHERE value ->> 'name' = ?)"""
    try:
        rows = database.execute(sql, [job]).fetchall()
    finally:
        database.close()
    return {datetime.fromtimestamp(at / 1e6, UTC): (state, cause) for at, state, cause in rows}


def wait_for_tick(machine: TimeTraveller, after: datetime) -> None:
    """The schedule goes on."""

    def has_ticked() -> bool:
        return any(at > after and state == "fired" for at, (state, _) in decided(machine, "tick").items())

    machine.wait_for(f"a tick after {after}", has_ticked)


def between(found: Decided, begin: datetime, end: datetime) -> Counter[tuple[str, str]]:
    """How many of the instants became what."""
    return Counter(what for at, what in found.items() if begin < at <= end)


def made_runs(machine: TimeTraveller) -> int:
    """How many runs there are."""
    return len(machine.client.runs("clock", 1000))


@pytest.mark.parametrize("is_asleep", [False, True], ids=["set-forward", "suspended"])
def test_what_the_clock_passed_over_is_caught_up_once_or_missed_with_the_cause(
    machine: TimeTraveller, is_asleep: bool
) -> None:
    before, runs = machine.now(), made_runs(machine)
    (machine.suspend if is_asleep else machine.set_clock)(HOUR.total_seconds())
    after = machine.now()
    wait_for_tick(machine, after)
    cause = "the machine was asleep" if is_asleep else "the clock was set forward"
    assert between(decided(machine, "each"), before, after) == {("fired", ""): 6}
    newest = between(decided(machine, "newest"), before, after)
    assert newest == {("fired", ""): 1, ("missed", cause): 5}
    ticks = between(decided(machine, "tick"), before, after)
    assert ticks["missed", cause] >= 900, ticks
    assert any("further occurrences from then on share this row" in why for _, why in ticks), "all are accounted for"
    assert made_runs(machine) - runs <= 6 + 1 + 45, "no storm: six, one, and what ticked within the minute of grace"


def test_a_clock_that_is_set_back_repeats_nothing_and_keeps_nobody_waiting(machine: TimeTraveller) -> None:
    waiting = machine.run("clock", "flaky")
    machine.wait_for("its first attempt to fail", lambda: is_waiting(machine, waiting))
    known = decided(machine, "tick")
    machine.set_clock(-HOUR.total_seconds())
    assert machine.ended(waiting)["summary"]["state"] == "succeeded", "a retry waits as long as was asked, not an hour"
    assert machine.ended(machine.run("clock", "flaky"))["summary"]["state"] == "succeeded"
    machine.deploy(machine.write("later", JOBS.replace("tick", "tock")))
    machine.wait_for("the schedule of a new project", lambda: decided(machine, "tock"))
    wait_for_tick(machine, machine.now())
    again = decided(machine, "tick")
    assert {at: again[at] for at in known} == known
    # And forward to where it was: nothing that had its run has another, what lies between is accounted for.
    machine.set_clock(HOUR.total_seconds())
    wait_for_tick(machine, machine.now())
    assert {at: what for at, what in decided(machine, "tick").items() if at in known} == known


def is_waiting(machine: TimeTraveller, run: str) -> bool:
    task = machine.client.run(run)["tasks"][0]
    return bool(task["state"] == "waiting" and task["attempts"])


def test_steps_of_ntp_lose_and_double_nothing(machine: TimeTraveller) -> None:
    dice = random.Random(15)
    begin = max(decided(machine, "tick"))
    for _ in range(STEPS):
        machine.set_clock(dice.choice((-1, 1)) * dice.choice((0.02, 0.4, 3.0, 25.0)))
        seen = len(decided(machine, "tick"))
        machine.wait_for("the next tick", lambda seen=seen: len(decided(machine, "tick")) > seen)
    found = sorted(at for at in decided(machine, "tick") if at >= begin)
    assert found == [begin + number * TICK for number in range(len(found))]


def test_a_machine_that_wakes_up_in_1970_goes_on_when_it_is_told_the_time() -> None:
    """As a small computer without a battery does, until it has reached a time server."""
    years = (datetime.now(UTC) - datetime(1970, 1, 2, tzinfo=UTC)).total_seconds()
    with TimeTraveller(-years) as machine:
        machine.start()
        machine.deploy(machine.write("clock", JOBS))
        wait_for_tick(machine, machine.now())
        begin = machine.now()
        machine.set_clock(years)
        now = machine.now()
        wait_for_tick(machine, now)
        for job in ("tick", "each", "newest"):
            rows = between(decided(machine, job), begin, now)
            assert rows.total() <= 1001, "half a century is no million of rows"
            assert any("more than 10000 further occurrences" in cause for _, cause in rows)
