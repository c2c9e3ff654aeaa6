"""The database refuses, before or after it has written: nothing is lost, nothing happens twice."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from skafd.daemon.for_jobs.commits import Commits
from skafd.errors import Refused, StoreError
from skafd.job_token import JobToken
from skafd.model.ids import ProjectId
from skafd.model.outcome import Lost
from skafd.model.project import Foreach, OnDeploy, Schedule
from skafd.model.run import CauseKind
from skafd.model.states import TaskState
from skafd.store import Purpose, Writer
from tests.support.daemonized import CHURN, Daemonized, job, once

WAIT = OnDeploy.WAIT
CHAIN = (job("ingest", on_deploy=WAIT), job("train", "ingest"), job("score", "train"))
RAN = once("churn/1/ingest", "churn/1/train", "churn/1/score")


@pytest.mark.parametrize("when", ["at once", "before", "after"])
def test_a_chain_runs_to_its_end_whatever_is_refused_on_the_way(daemon: Daemonized, when: str) -> None:
    """One refusal for each kind of write, and two for what is written when memory is rebuilt."""
    daemon.deploy(*CHAIN)
    daemon.run()
    for purpose in (Purpose.REPORTS, Purpose.REPORTS, Purpose.RESTORE, Purpose.TIME, Purpose.REPORTS, Purpose.RESTORE):
        daemon.fail(when, purpose)
    daemon.orchestrator.ring()
    detail = daemon.wait_for_end(1)
    assert {task.state for task in detail.tasks} == {TaskState.SUCCEEDED}
    assert daemon.executed() == RAN
    assert daemon.run_numbers() == [1]
    assert daemon.database.failures == [], "each refusal was met"


@pytest.mark.parametrize("when", ["at once", "before", "after"])
def test_what_a_pattern_finds_is_looked_up_again_when_it_could_not_be_written(daemon: Daemonized, when: str) -> None:
    daemon.deploy(job("each", on_deploy=WAIT, foreach=Foreach(glob="*.py")))
    for times in (1, 3):
        daemon.fail(when, Purpose.REPORTS)
        daemon.fail(when, Purpose.RESTORE, times - 1)
        number = daemon.run()
        (task,) = daemon.wait_for_end(number).tasks
        assert task.state is TaskState.SUCCEEDED
    assert daemon.executed() == once("churn/1/each[0]", "churn/2/each[0]")
    assert daemon.database.failures == []


@pytest.mark.parametrize("when", ["at once", "before", "after"])
def test_an_attempt_whose_supervisor_died_is_lost_although_that_could_not_be_written(
    daemon: Daemonized, when: str
) -> None:
    """What is left of it is ended in a thread, which tells of it once."""
    daemon.deploy(job("it", on_deploy=WAIT), script="import time; time.sleep(600)")
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    with daemon.database.reader() as reader:
        (attempt,) = reader.alive_attempts()
    assert attempt.supervisor_pid
    daemon.fail(when, Purpose.REPORTS)
    os.kill(attempt.supervisor_pid, signal.SIGKILL)
    (task,) = daemon.wait_for_end(1).tasks
    assert isinstance(task.attempts[0].outcome, Lost)
    assert daemon.database.failures == []


def test_a_run_that_could_not_be_written_was_not_begun(daemon: Daemonized) -> None:
    daemon.deploy(*CHAIN)
    daemon.fail("before", Purpose.RUN_REQUEST)
    with pytest.raises(StoreError, match="full"):
        daemon.run()
    assert daemon.run_numbers() == []
    assert daemon.run() == 1
    daemon.wait_for_end(1)
    assert daemon.executed() == RAN


def test_a_run_that_was_written_after_all_is_carried_out_once(daemon: Daemonized) -> None:
    daemon.deploy(*CHAIN)
    daemon.fail("after", Purpose.RUN_REQUEST)
    with pytest.raises(StoreError, match="did not answer"):
        daemon.run()
    daemon.wait_for_end(1)
    assert daemon.executed() == RAN
    assert daemon.run_numbers() == [1]


def at_once(daemon: Daemonized, ask: Callable[[int], None], count: int) -> None:
    """So many ask, each with its number, while the daemon is held up: it meets them in one turn."""
    gate = threading.Event()

    def hold(_: Writer) -> list[object]:
        gate.wait()
        return []

    held = daemon.orchestrator.mailbox.put(hold, Purpose.OTHER)  # type: ignore[arg-type]
    asking = [threading.Thread(target=ask, args=[number]) for number in range(count)]
    for thread in asking:
        thread.start()
    gate.set()
    held.result()
    for thread in asking:
        thread.join()


def test_those_who_ask_at_the_same_moment_each_get_an_answer(daemon: Daemonized) -> None:
    """One of many requests is refused; the others were in the same turn."""
    daemon.deploy(job("it", on_deploy=WAIT))
    daemon.fail("before", Purpose.RUN_REQUEST)
    answers: list[object] = []

    def ask(_: int) -> None:
        try:
            answers.append(daemon.run())
        except StoreError as error:
            answers.append(error.message)

    at_once(daemon, ask, 8)
    assert sorted(answers, key=str) == [1, 2, 3, 4, 5, 6, 7, "the disk is full"]
    for number in range(1, 8):
        daemon.wait_for_end(number)


def test_what_one_job_says_and_nobody_could_write_takes_nothing_with_it_of_the_others(daemon: Daemonized) -> None:
    commits = Commits(daemon.orchestrator.mailbox, daemon.changes)
    said: dict[int, object] = {}

    def write(number: int) -> int:
        if number == 3:
            raise OverflowError("too large for the database")
        return number

    def say(number: int) -> None:
        token = JobToken(daemon.home.path.name, 0, "it", number, 1)
        try:
            said[number] = commits.write(token, "", lambda *_: write(number))
        except OverflowError as error:
            said[number] = str(error)

    at_once(daemon, say, 6)
    assert said == {0: 0, 1: 1, 2: 2, 3: "too large for the database", 4: 4, 5: 5}


def test_a_release_that_could_not_be_written_changes_nothing(daemon: Daemonized) -> None:
    daemon.deploy(*CHAIN)
    for when in ("before", "after"):
        daemon.fail(when, Purpose.DEPLOY)
        with pytest.raises(StoreError):
            daemon.deploy(job("other", on_deploy=WAIT), version=when)
        daemon.run()
    daemon.wait_for_end(1)
    daemon.wait_for_end(2)
    assert daemon.executed() == RAN + once("churn/2/other"), "the first was not live, the second was"


def test_a_disk_that_stays_full_is_said_to_everybody_until_there_is_room(daemon: Daemonized) -> None:
    daemon.deploy(*CHAIN)
    daemon.fail("before", times=4)
    refused = 0
    while True:
        try:
            number = daemon.run()
            break
        except StoreError as error:
            assert error.message == "the disk is full"
            refused += 1
    assert 0 < refused < 5
    assert number == 1
    daemon.wait_for_end(number)
    assert daemon.executed() == RAN


def test_a_request_that_is_refused_leaves_memory_as_it_is(daemon: Daemonized) -> None:
    daemon.deploy(*CHAIN)
    engine = daemon.orchestrator.memory.engine

    def refuse(writer: Writer) -> list[object]:
        writer.set_variable(project_of(daemon), "KEY", "value")
        raise Refused("not today")

    def stumble(_: Writer) -> list[object]:
        raise ZeroDivisionError("a bug in the request")

    with pytest.raises(Refused):
        daemon.put(refuse)
    with pytest.raises(ZeroDivisionError):
        daemon.put(stumble)
    with pytest.raises(IndexError):
        daemon.orchestrator.mailbox.ask(lambda _: [], lambda said: said.new_runs[0], Purpose.OTHER).result(60)
    with daemon.database.reader() as reader:
        assert reader.variables(project_of(daemon)) == {}
    daemon.run()
    daemon.wait_for_end(1)
    assert daemon.orchestrator.memory.engine is engine, "nothing had to be rebuilt"


def project_of(daemon: Daemonized) -> ProjectId:
    with daemon.database.reader() as reader:
        return reader.projects()[0].id


@pytest.mark.parametrize("when", ["at once", "before", "after"])
def test_an_occurrence_fires_exactly_once(daemon: Daemonized, when: str) -> None:
    daemon.deploy(job("it", schedules=(Schedule("every 1 second"),)))
    for _ in range(3):
        daemon.fail(when, Purpose.TIME)
        daemon.fail(when, Purpose.REPORTS)
        known = len(daemon.run_numbers())
        daemon.wait_for("an occurrence", lambda known=known: len(daemon.run_numbers()) > known)
    daemon.wait_for("the first runs to end", lambda: daemon.executed().total() >= 6)
    with daemon.database.reader() as reader:
        runs = reader.runs(limit=1000)
        missed = [one.instant for one in reader.missed(runs[0].key.project)]
    assert {run.cause.kind for run in runs} == {CauseKind.SCHEDULE}
    instants = sorted([*(run.cause.instant for run in runs if run.cause.instant), *missed])
    assert {later - earlier for earlier, later in itertools.pairwise(instants)} == {timedelta(seconds=1)}
    assert set(daemon.executed().values()) == {1}


def test_what_was_written_after_all_is_announced(daemon: Daemonized) -> None:
    """Whoever waits for changes, or keeps what was shown, hears of a write whose answer was lost."""
    daemon.deploy(job("it", on_deploy=WAIT))
    seen = daemon.changes.number
    daemon.fail("after", Purpose.FORGET)

    def forget(writer: Writer) -> list[object]:
        writer.forget_project(CHURN)
        return []

    with pytest.raises(StoreError, match="did not answer"):
        daemon.put(forget, Purpose.FORGET)
    daemon.wait_for("the news", lambda: daemon.changes.written > seen)
