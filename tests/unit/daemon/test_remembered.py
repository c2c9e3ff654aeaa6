"""A few values that never change."""

from __future__ import annotations

import threading

import pytest

from skafd.daemon.remembered import Remembered


def test_a_value_is_made_once() -> None:
    made: list[int] = []
    remembered: Remembered[str, int] = Remembered(2)

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [remembered.get(key, make) for key in ("a", "b", "a", "b")] == [0, 1, 0, 1]


def test_the_one_not_asked_for_longest_is_forgotten() -> None:
    remembered: Remembered[str, str] = Remembered(2)
    for key in ("a", "b", "a", "c"):
        remembered.get(key, lambda key=key: key)  # type: ignore[misc]
    assert remembered.get("a", lambda: "again") == "a"
    assert remembered.get("b", lambda: "again") == "again"


def test_what_could_not_be_made_is_tried_again() -> None:
    remembered: Remembered[str, float] = Remembered(2)
    with pytest.raises(ZeroDivisionError):
        remembered.get("a", lambda: 1 / 0)
    assert remembered.get("a", lambda: 2.0) == 2.0


def test_many_threads_may_ask_for_more_than_is_kept() -> None:
    remembered: Remembered[int, int] = Remembered(2)
    wrong: list[int] = []

    def ask() -> None:
        asked = [number % 7 for number in range(2000)]
        wrong.extend(key for key in asked if remembered.get(key, lambda key=key: key) != key)  # type: ignore[misc]

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
