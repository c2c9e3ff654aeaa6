"""`on:`: what sets off a job besides time."""

from __future__ import annotations

import pytest

from skafd.config import Reading, read
from skafd.model.project import Overlap, Trigger, TriggerKind, all_of


def reading(details: str, more: str = "") -> Reading:
    head = 'name: x\njobs:\n  - name: a\n    entrypoint: "true"\n    params: {region: eu, rows: 1}\n'
    return read(f"{head}{more}    on: {details}\n", None, "metis.config.yml")


def triggers(details: str) -> tuple[Trigger, ...]:
    found = reading(details)
    assert found.problems == ()
    assert found.project is not None
    return found.project.jobs[0].triggers


def test_each_kind_of_event() -> None:
    assert triggers("{file: inbox/*.csv, stable_for: 500ms, batch: true}") == (
        Trigger(TriggerKind.FILE, "inbox/*.csv", 0.5, True),
    )
    assert triggers("{project: other/train, overlap: allow}") == (
        Trigger(TriggerKind.PROJECT, "other/train", overlap=Overlap.ALLOW),
    )
    assert triggers("[{webhook: orders}, {event: orders-ready, params: {region: us}, fields: {rows: count}}]") == (
        Trigger(TriggerKind.WEBHOOK, "orders"),
        Trigger(TriggerKind.EVENT, "orders-ready", parameters=(("region", "us"),), fields=(("rows", "count"),)),
    )


def test_several_events_that_must_all_come() -> None:
    together = [Trigger(TriggerKind.FILE, "in/*", is_batch=True, overlap=Overlap.SKIP)]
    together += [Trigger(TriggerKind.EVENT, "ready", fields=(("rows", "count"),), overlap=Overlap.SKIP)]
    given = "{all: [{file: in/*, batch: true}, {event: ready, fields: {rows: count}}], within: 90m, overlap: skip}"
    assert triggers(given) == all_of(together, 5400.0)
    assert {one.together for one in triggers(given)} == {"file in/*, event ready"}
    either = triggers("[{event: now}, {all: [{event: a}, {event: b}]}, {all: [{event: a}, {webhook: c}]}]")
    assert [(one.label, one.together, one.within_seconds) for one in either] == [
        ("event now", "", None),
        ("event a", "event a, event b", None),
        ("event b", "event a, event b", None),
        ("event a", "event a, webhook c", None),
        ("webhook c", "event a, webhook c", None),
    ]


def test_a_path_is_put_in_order() -> None:
    assert triggers("{file: ./inbox//*.csv}")[0].name == "inbox/*.csv"
    assert triggers("{file: /srv/in/**/*.csv}")[0].name == "/srv/in/**/*.csv"


@pytest.mark.parametrize(
    ("details", "message", "hint"),
    [
        ("{stable_for: 2s}", "nothing is said of what it waits for", "write `file:`"),
        ("{file: a, event: b}", "these are 2 events in one", "make a list"),
        ("{file: inbox/}", "a folder does not arrive", "did you mean `inbox/*`?"),
        ("{event: ready, batch: true}", "`batch` is about files that arrive", None),
        ("{event: two words}", "expected a name of letters, digits", None),
        ("{project: /srv/other}", "this names no project", "`other/job`"),
        ("{webhok: orders}", "is not a key of `on`", "did you mean `webhook`?"),
        ("{event: ready, params: {regoin: eu}}", "no job declares a parameter `regoin`", "did you mean `region`?"),
        ("{event: ready, params: {rows: many}}", "`on` gives `rows` the value `many`, and its type is int", None),
        ("{event: ready, fields: {nowhere: x}}", "no job declares a parameter `nowhere`", "declare it"),
        ("ready", "expected", None),
        ("{all: [{event: ready}]}", "`all` names fewer than two events", "without `all`"),
        ("{all: [{event: ready}, {event: ready}]}", "`all` names one event twice", "without `all`"),
        ("{all: [{event: a}, {event: b}], event: c}", "`event` stands beside `all`", "into one of its events"),
        ("{all: [{event: a}, {event: b, overlap: skip}]}", "`overlap` does not belong here", "beside `all`"),
        ("{all: [{event: a}, {evnt: b}]}", "is not a key of an event of `all`", "did you mean `event`?"),
        ("{event: a, within: 1h}", "`within` is about the events of `all`", None),
        ("{all: [{event: a}, {event: b}], within: soon}", "not a duration", None),
        ("{all: ready}", "expected a list", None),
    ],
)
def test_what_cannot_be_meant_is_refused(details: str, message: str, hint: str | None) -> None:
    (problem,) = reading(details).problems
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")


def test_a_job_at_the_end_waits_for_no_event() -> None:
    (problem,) = reading("{event: ready}", "    always: true\n").problems
    assert problem.message == "a job that runs at the end of every run has no events of its own"
