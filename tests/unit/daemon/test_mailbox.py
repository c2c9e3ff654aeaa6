"""Work from other threads: nobody who waits is left waiting."""

from __future__ import annotations

import select
import threading

import pytest

from skafd.daemon.mailbox import Mailbox, Question, Request
from skafd.errors import DaemonUnreachable, StoreError
from skafd.model.decisions import Decisions
from skafd.store import Purpose


def is_readable(mailbox: Mailbox) -> bool:
    return bool(select.select([mailbox], [], [], 0)[0])


def put(mailbox: Mailbox, name: str) -> object:
    return mailbox.ask(lambda _: [], lambda _: name, Purpose.OTHER)


def test_requests_are_taken_in_their_order() -> None:
    mailbox = Mailbox()
    assert not is_readable(mailbox)
    futures = [put(mailbox, name) for name in "abc"]
    assert is_readable(mailbox)
    for request in mailbox.take():
        assert isinstance(request, Request)
        request.fulfil(Decisions())
    assert [future.result(0) for future in futures] == ["a", "b", "c"]  # type: ignore[attr-defined]
    assert not is_readable(mailbox)
    mailbox.close()


def test_what_was_not_taken_stays() -> None:
    """The orchestrator gives up in the middle when the database refuses: the others are answered in the next turn."""
    mailbox = Mailbox()
    futures = [put(mailbox, name) for name in "abc"]
    next(iter(mailbox.take())).future.set_exception(StoreError("the disk is full"))
    left = list(mailbox.take())
    for request in left:
        assert isinstance(request, Request)
        request.fulfil(Decisions())
    assert isinstance(futures[0].exception(0), StoreError)  # type: ignore[attr-defined]
    assert [future.result(0) for future in futures[1:]] == ["b", "c"]  # type: ignore[attr-defined]
    mailbox.close()


def test_an_answer_that_cannot_be_made_is_an_error_of_whoever_asked() -> None:
    mailbox = Mailbox()
    future = mailbox.ask(lambda _: [], lambda decisions: decisions.new_runs[0], Purpose.OTHER)
    question = mailbox.inquire(lambda: 1 // 0)
    request, inquiry = mailbox.take()
    assert isinstance(request, Request)
    assert isinstance(inquiry, Question)
    request.fulfil(Decisions())
    inquiry.fulfil()
    assert isinstance(future.exception(0), IndexError)
    assert isinstance(question.exception(0), ZeroDivisionError)
    mailbox.close()


def test_whoever_gave_up_is_passed_over() -> None:
    mailbox = Mailbox()
    given_up, kept = put(mailbox, "a"), put(mailbox, "b")
    assert given_up.cancel()  # type: ignore[attr-defined]
    (request,) = mailbox.take()
    assert request.future is kept
    mailbox.close()


def test_everybody_who_waits_is_told_of_a_failure() -> None:
    mailbox = Mailbox()
    futures = [put(mailbox, name) for name in "ab"]
    mailbox.fail(StoreError("the disk is full"))
    assert all(isinstance(future.exception(0), StoreError) for future in futures)  # type: ignore[attr-defined]
    mailbox.close()


def test_after_the_end_everything_is_refused() -> None:
    mailbox = Mailbox()
    before = put(mailbox, "before")
    mailbox.close()
    after = put(mailbox, "after")
    for future in (before, after):
        with pytest.raises(DaemonUnreachable, match="stopped"):
            future.result(0)  # type: ignore[attr-defined]
    # The descriptors may belong to somebody else by now.
    mailbox.wake()


def test_more_requests_than_the_pipe_holds_wake_ups() -> None:
    mailbox = Mailbox()
    writers = [threading.Thread(target=lambda: [put(mailbox, "x") for _ in range(2_000)]) for _ in range(14)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert len(list(mailbox.take())) == 28_000
    mailbox.close()
