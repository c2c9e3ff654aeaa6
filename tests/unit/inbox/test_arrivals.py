"""When a file has arrived: pure, at times that are made up."""

from __future__ import annotations

from skafd.inbox.arrivals import Arrivals


def test_a_file_has_arrived_when_it_has_stayed_the_same() -> None:
    arrivals = Arrivals(2.0, {})
    assert arrivals.look({"/a": "1"}, 10.0) == {}
    assert arrivals.due_at() == 12.0
    assert arrivals.look({"/a": "2"}, 11.5) == {}, "it was written again"
    assert arrivals.look({"/a": "2"}, 13.0) == {}
    assert arrivals.look({"/a": "2"}, 13.5) == {"/a": "2"}


def test_it_is_named_until_it_was_told() -> None:
    arrivals = Arrivals(0.0, {})
    assert arrivals.look({"/a": "1"}, 0.0) == arrivals.look({"/a": "1"}, 1.0) == {"/a": "1"}
    arrivals.tell({"/a": "1"})
    assert arrivals.look({"/a": "1"}, 2.0) == {}
    assert arrivals.due_at() is None
    assert arrivals.look({"/a": "2"}, 3.0) == {"/a": "2"}, "it was changed"


def test_what_was_told_before_is_no_news_even_if_it_was_gone_meanwhile() -> None:
    arrivals = Arrivals(0.0, {"/a": "1"})
    assert arrivals.look({}, 0.0) == {}
    assert arrivals.look({"/a": "1", "/b": "1"}, 1.0) == {"/b": "1"}


def test_a_file_that_vanishes_on_its_way_begins_anew() -> None:
    arrivals = Arrivals(2.0, {})
    arrivals.look({"/a": "1"}, 0.0)
    arrivals.look({}, 1.0)
    assert arrivals.due_at() is None
    assert arrivals.look({"/a": "1"}, 2.5) == {}
    assert arrivals.look({"/a": "1"}, 4.5) == {"/a": "1"}


def test_a_batch_waits_for_all_that_are_on_their_way_but_not_for_ever() -> None:
    arrivals = Arrivals(2.0, {}, is_batch=True)
    arrivals.look({"/a": "1"}, 0.0)
    assert arrivals.look({"/a": "1", "/b": "1"}, 1.0) == {}
    assert arrivals.look({"/a": "1", "/b": "1"}, 2.5) == {}
    assert arrivals.due_at() == 3.0
    assert arrivals.look({"/a": "1", "/b": "1"}, 3.0) == {"/a": "1", "/b": "1"}
    arrivals.tell({"/a": "1", "/b": "1"})
    arrivals.look({"/c": "1"}, 10.0)
    for second in range(11, 72):
        assert arrivals.look({"/c": "1", "/d": str(second)}, float(second)) == {}
    assert arrivals.look({"/c": "1", "/d": "72"}, 72.0) == {"/c": "1"}
