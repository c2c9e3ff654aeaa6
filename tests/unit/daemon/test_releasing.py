"""What is written when a deployment goes live, is refused or is taken back; with a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from skafd import clock
from skafd.config import Code, Problem, Severity
from skafd.daemon.agenda import Agenda
from skafd.daemon.facts import Facts
from skafd.daemon.releasing import Releasing
from skafd.deploy.release import Deployable, RefusedDeploy, Stage
from skafd.deploy.snapshot import Snapshot
from skafd.errors import DeployError, NotFound, Refused
from skafd.home import Home
from skafd.model.decisions import Deployed, Event, ProjectForgotten
from skafd.model.environment import PreparedEnvironments
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Job, Project, Schedule
from skafd.store import Database
from skafd.store.views import ProjectRow
from tests.support.stored import CONFIG, INGEST, NOON, TRAIN

HOURLY, DAILY = Schedule("0 * * * *"), Schedule("0 11 * * *")
HOUR = timedelta(hours=1)


class Room:
    """The releasing room on its own, at a time of its own."""

    def __init__(self, folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(folder / "state")
        self.database = database
        self.facts = Facts(database)
        self.agenda = Agenda(lambda _: None)
        self.releasing = Releasing(self.home, database, self.facts, self.agenda)
        self.project = folder / "churn"
        self.project.mkdir()
        self.now = NOON
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def deployable(self, config: Project, version: str = "one", slug: str = "churn") -> Deployable:
        path = self.home.deployments / slug / version
        for folder in (path, self.home.environments / "key"):
            folder.mkdir(parents=True, exist_ok=True)
        return Deployable(
            self.project, slug, config, Snapshot(version, path, 1, 1, ("data",)), PreparedEnvironments("key")
        )

    def release(self, config: Project, version: str = "one", slug: str = "churn") -> list[Event]:
        with self.database.transaction() as writer:
            return self.releasing.release(writer, self.deployable(config, version, slug))

    def row(self) -> ProjectRow:
        with self.database.reader() as reader:
            return reader.find_project(str(self.project))

    def planned(self) -> dict[str, datetime]:
        with self.database.reader() as reader:
            return {job: instant for (_, job), instant in reader.planned().items()}


@pytest.fixture
def room(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(tmp_path, database, monkeypatch)


def config_of(**schedules: tuple[Schedule, ...]) -> Project:
    jobs = tuple(Job(JobId(name), name, "it.py", schedules=ones) for name, ones in schedules.items())
    return replace(CONFIG, jobs=jobs)


def test_a_release_is_live_and_can_be_launched_in_the_same_turn(room: Room) -> None:
    (event,) = room.release(CONFIG)
    assert isinstance(event, Deployed)
    assert (event.deployment.number, event.deployment.linked, event.first_time) == (1, ("data",), True)
    row = room.row()
    assert (row.slug, row.live_deployment, row.problem) == ("churn", 1, None)
    facts = room.facts.of(row.id)
    assert (facts.slug, facts.path, facts.variables) == ("churn", room.project, {})


def test_a_schedule_counts_from_its_release(room: Room) -> None:
    room.release(config_of(ingest=(DAILY,), train=()))
    assert room.planned() == {"ingest": NOON}
    assert room.agenda.next_of(room.row().id, INGEST) == NOON + 23 * HOUR
    assert room.agenda.next_of(room.row().id, TRAIN) is None


def test_schedules_that_changed_count_from_now_and_the_others_from_where_they_were(room: Room) -> None:
    room.release(config_of(same=(HOURLY,), changed=(HOURLY,), dropped=(HOURLY,)))
    room.now += timedelta(minutes=90)
    room.release(config_of(same=(HOURLY,), changed=(HOURLY, DAILY), new=(HOURLY,)), "two")
    assert room.planned() == {"same": NOON, "changed": room.now, "dropped": NOON, "new": room.now}
    next_at = {name: room.agenda.next_of(room.row().id, JobId(name)) for name in ("same", "changed", "dropped", "new")}
    assert next_at == {"same": NOON + HOUR, "changed": NOON + 2 * HOUR, "dropped": None, "new": NOON + 2 * HOUR}


def test_a_schedule_that_comes_back_does_not_make_up_for_its_absence(room: Room) -> None:
    room.release(config_of(ingest=(HOURLY,)))
    room.release(config_of(ingest=()), "two")
    room.now += 5 * HOUR
    room.release(config_of(ingest=(HOURLY,)), "three")
    assert room.planned() == {"ingest": room.now}


def test_no_occurrence_is_decided_twice_when_the_clock_was_set_back(room: Room) -> None:
    room.release(config_of(ingest=(HOURLY,)))
    room.now -= HOUR
    room.release(config_of(ingest=(DAILY,)), "two")
    assert room.planned() == {"ingest": NOON}


def test_taking_back_keeps_the_place_of_schedules_that_are_the_same(room: Room) -> None:
    room.release(config_of(same=(HOURLY,), changed=(HOURLY,)))
    room.release(config_of(same=(HOURLY,), changed=(DAILY,)), "two")
    room.now += HOUR
    with room.database.reader() as reader:
        first = reader.deployment(room.row().id, reader.deployments(room.row().id)[-1].number)
    with room.database.transaction() as writer:
        events = room.releasing.take_back(writer, room.row(), first)
    assert events == [Deployed(first, first_time=False)]
    assert room.row().live_deployment == 1
    assert room.planned() == {"same": NOON, "changed": room.now}


@pytest.mark.parametrize("gone", ["deployments/churn/one", "environments/key"])
def test_what_housekeeping_took_out_meanwhile_does_not_go_live(room: Room, gone: str) -> None:
    deployable = room.deployable(config_of(ingest=(HOURLY,)))
    (room.home.path / gone).rmdir()
    with pytest.raises(DeployError, match="was removed meanwhile"), room.database.transaction() as writer:
        room.releasing.release(writer, deployable)
    with pytest.raises(NotFound):
        room.row()
    assert room.agenda.next_of(ProjectId("churn"), INGEST) is None


def refuse(room: Room, text: str = "metis.config.yml:3:5: unknown key") -> None:
    problem = Problem(Severity.ERROR, Code.UNKNOWN_KEY, 3, 5, "unknown key")
    refused = RefusedDeploy(room.project, Stage.CONFIG, text, "did you mean jobs?", (problem,))
    with room.database.transaction() as writer:
        room.releasing.note_refusal(writer, refused)


def test_a_refusal_is_kept_until_a_save_is_live_again(room: Room) -> None:
    room.release(CONFIG)
    refuse(room)
    problem = room.row().problem
    assert problem is not None
    assert (problem["stage"], problem["text"]) == (
        "config",
        "metis.config.yml:3:5: unknown key\ndid you mean jobs?",
    )
    assert (problem["details"][0]["line"], problem["details"][0]["column"]) == (3, 5)
    assert (room.row().name, room.row().live_deployment) == ("churn", 1)
    room.release(CONFIG, "two")
    assert room.row().problem is None


def test_a_folder_with_what_was_deployed_last_has_no_problem(room: Room) -> None:
    room.release(CONFIG)
    refuse(room)
    with room.database.transaction() as writer:
        room.releasing.note_unchanged(writer, room.row())
    assert room.row().problem is None


def test_a_project_that_was_refused_at_first_gets_its_short_name_before_its_first_snapshot(room: Room) -> None:
    refuse(room)
    assert room.row().slug == "churn"
    named = replace(CONFIG, name="customers")
    told: list[str] = []
    with room.database.transaction() as writer:
        room.releasing.note_project(writer, room.project, named.name, None, told.append)
    assert told == ["customers"]
    assert room.row().slug == "customers"
    room.release(named, slug="customers")
    assert room.row().slug == "customers"
    assert room.facts.of(room.row().id).slug == "customers"


def test_a_short_name_stays_when_the_name_changes_later(room: Room) -> None:
    room.release(CONFIG)
    room.release(replace(CONFIG, name="customers"), "two")
    assert (room.row().slug, room.row().name) == ("churn", "customers")


def test_a_project_with_a_new_token_takes_the_place_of_the_old_one(room: Room) -> None:
    room.release(replace(config_of(ingest=(HOURLY,)), token="old"))
    old = room.row().id
    events = room.release(replace(config_of(ingest=(HOURLY,)), token="new"), "two", slug="churn-2")
    assert events[0] == ProjectForgotten(old)
    assert isinstance(events[1], Deployed)
    assert room.agenda.next_of(old, INGEST) is None
    assert room.agenda.next_of(room.row().id, INGEST) == NOON + HOUR


def test_a_project_with_a_new_token_stays_what_it_is_until_that_is_released(room: Room) -> None:
    """The environment of the new version may never be built."""
    room.release(replace(config_of(ingest=(HOURLY,)), token="old"))
    old = room.row().id
    told: list[str] = []
    with room.database.transaction() as writer:
        assert room.releasing.note_project(writer, room.project, "churn", "new", told.append) == []
    assert room.row().id == old
    assert room.agenda.next_of(old, INGEST) == NOON + HOUR
    refuse(room)
    assert room.row().problem is not None, "that the new one is not live is said of the one that is"
    events = room.release(replace(config_of(ingest=(HOURLY,)), token="new"), "two", slug=told[0])
    assert events[0] == ProjectForgotten(old)
    assert (room.row().slug, room.row().token) == (told[0], "new")


def test_a_token_of_another_folder_is_refused_with_its_name(room: Room, tmp_path: Path) -> None:
    room.release(replace(CONFIG, token="136056"))
    copy = tmp_path / "copy"
    copy.mkdir()
    with pytest.raises(Refused, match=f"{copy} has the project token of churn"), room.database.transaction() as writer:
        room.releasing.note_project(writer, copy, "churn", "136056", str)


def test_a_moved_folder_is_the_same_project_with_its_variables(room: Room, tmp_path: Path) -> None:
    room.release(replace(CONFIG, token="136056"))
    row = room.row()
    with room.database.transaction() as writer:
        writer.set_variable(row.id, "API_KEY", "s3cret")
    room.project = room.project.rename(tmp_path / "moved")
    room.release(replace(CONFIG, token="136056"), "two")
    facts = room.facts.of(row.id)
    assert room.row().id == row.id
    assert (facts.path, facts.variables) == (tmp_path / "moved", {"API_KEY": "s3cret"})
