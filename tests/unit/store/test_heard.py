"""Events from outside in the database: with the runs that they set off, and who let them pass."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.errors import NotFound, StoreError
from skafd.model.decisions import Decisions, Happened, Heard, Unheeded
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import TriggerKind
from skafd.model.run import Cause, CauseKind, EventCause, Run
from skafd.model.states import RunState
from skafd.store import Database
from tests.support.stored import NOON

READY = Happened(TriggerKind.EVENT, "ready", detail="ready", parameters=(("a", "1"),), key="k")


def write(database: Database, decisions: Decisions) -> None:
    with database.transaction() as writer:
        writer.apply(decisions, NOON)


def set_off(project: ProjectId, number: int = 1) -> Decisions:
    about = EventCause(number, TriggerKind.EVENT, "ready", (("PARAMETERS", "{}"),), ("churn/ingest",))
    cause = Cause(CauseKind.EVENT, None, "ready", about)
    run = Run(RunKey(project, number), 1, cause, RunState.RUNNING, ())  # type: ignore[arg-type]
    return Decisions(
        heard=(Heard(number, READY if number == 1 else Happened(TriggerKind.EVENT, "ready")),),
        unheeded=(Unheeded(number, project, JobId("train"), "paused"),),
        new_runs=(run,),
    )


def test_an_event_is_kept_with_what_followed_from_it(database: Database, project: ProjectId) -> None:
    write(database, set_off(project))
    with database.reader() as reader:
        (event,) = reader.heard()
        assert (event.number, event.kind, event.name, event.key, event.slug) == (1, "event", "ready", "k", None)
        assert [(run.slug, run.number, run.state) for run in event.runs] == [("churn", 1, "running")]
        assert event.unheeded == ((project, "train", "paused"),)
        assert reader.heard(project) == reader.heard(number=1) == (event,)
        assert reader.latest_unheeded(project, JobId("train")) == (NOON, "train", "ready: paused")
        assert reader.latest_unheeded(project, JobId("ingest")) is None
        ((run, deployment),) = reader.open_runs()
        assert run.cause.event == EventCause(1, TriggerKind.EVENT, "ready", (("PARAMETERS", "{}"),), ("churn/ingest",))
        assert deployment.slug == "churn"


def test_a_key_is_used_once(database: Database, project: ProjectId) -> None:
    write(database, Decisions(heard=(Heard(1, READY),)))
    with database.transaction() as writer:
        found = writer.heard_with_key(TriggerKind.EVENT, "ready", None, "k")
        assert found is not None
        assert found.number == 1
        assert writer.heard_with_key(TriggerKind.EVENT, "other", None, "k") is None
        assert writer.heard_with_key(TriggerKind.WEBHOOK, "ready", project, "k") is None
    with pytest.raises(StoreError):
        write(database, Decisions(heard=(Heard(2, READY),)))


def test_old_events_go_but_not_the_newest_nor_those_with_runs(database: Database, project: ProjectId) -> None:
    write(database, set_off(project))
    write(database, Decisions(heard=(Heard(2, Happened(TriggerKind.EVENT, "a")), Heard(3, READY_AGAIN))))
    with database.transaction() as writer:
        writer.delete_heard(NOON + timedelta(days=1))
    with database.reader() as reader:
        assert [event.number for event in reader.heard()] == [3, 1]
        assert reader.last_event_number() == 3


READY_AGAIN = Happened(TriggerKind.EVENT, "b")


def test_of_a_token_only_the_hash_is_kept(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        made = writer.add_webhook_token(project, "orders", "00ff", NOON)
        writer.use_webhook_token(made.number, NOON)
    with database.reader() as reader:
        assert [(one.webhook, one.sha256, one.last_used_at) for one in reader.webhook_tokens(project, "orders")] == [
            ("orders", "00ff", NOON)
        ]
        assert reader.webhook_tokens(project, "other") == ()
    with database.transaction() as writer:
        writer.revoke_webhook_token(project, made.number)
    with pytest.raises(NotFound), database.transaction() as writer:
        writer.revoke_webhook_token(project, made.number)
    with pytest.raises(NotFound), database.transaction() as writer:
        writer.use_webhook_token(made.number, NOON)
