"""When a service starts, comes back and stays away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from skafd.addons import keeping
from skafd.addons.program import Programs, ServiceProgram
from skafd.errors import NotFound, Refused
from skafd.model.outcome import Cancelled, Exited, Lost, Signalled
from skafd.model.service import Service, ServiceState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOPPED = Service("data", since=NOW)
STARTING = keeping.need(STOPPED, "boot", NOW)
RUNNING = keeping.started(STARTING, NOW)
KILLED = Signalled(9)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_one_that_is_needed_is_started_once() -> None:
    assert (STARTING.state, STARTING.number, STARTING.boot_id) == (ServiceState.STARTING, 1, "boot")
    assert keeping.need(STARTING, "boot", later(1)) == STARTING
    assert keeping.need(RUNNING, "boot", later(1)) == RUNNING


def test_one_that_is_killed_comes_back_after_a_pause() -> None:
    waiting = keeping.ended(RUNNING, KILLED, later(1))
    assert waiting.state is ServiceState.WAITING
    assert "SIGKILL" in waiting.reason
    assert keeping.time_passed(waiting, "boot", later(1.4)) == waiting
    again = keeping.time_passed(waiting, "boot", later(1.5))
    assert (again.state, again.number, again.restarts) == (ServiceState.STARTING, 2, 1)


def test_pauses_grow_until_it_has_run_well() -> None:
    service, pauses = RUNNING, []
    for _ in range(9):
        service = keeping.ended(service, Lost("its supervisor was killed"), service.since)
        assert service.start_at is not None
        pauses.append((service.start_at - service.since).total_seconds())
        service = keeping.started(keeping.time_passed(service, "boot", service.start_at), service.start_at)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    steady = keeping.ended(service, KILLED, service.since + timedelta(seconds=6))
    assert steady.failures == 1


@pytest.mark.parametrize("outcome", [Cancelled("skafd down --jobs"), KILLED, Exited(3)])
def test_one_that_was_asked_to_end_stays_away_however_it_ended(outcome: object) -> None:
    ending = keeping.stop(RUNNING, "nobody needs it", later(1))
    assert ending.state is ServiceState.STOPPING
    assert keeping.ended(ending, outcome, later(2)).state is ServiceState.STOPPED  # type: ignore[arg-type]


def test_one_that_ends_well_by_itself_stays_away() -> None:
    assert keeping.ended(RUNNING, Exited(0), later(1)).state is ServiceState.STOPPED


def test_one_that_waits_to_come_back_can_be_stopped() -> None:
    waiting = keeping.ended(RUNNING, KILLED, later(1))
    assert keeping.stop(waiting, "by request", later(2)).state is ServiceState.STOPPED


def test_a_name_that_could_leave_its_folder_is_refused() -> None:
    with pytest.raises(Refused):
        ServiceProgram("../data", ("true",))


def test_programs_are_found_by_who_answers_for_the_name() -> None:
    data = ServiceProgram("data", ("true",))
    programs = Programs([lambda name: data if name == "data" else None])
    assert programs.find("data") is data
    with pytest.raises(NotFound):
        programs.find("spark")
