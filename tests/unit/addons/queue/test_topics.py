"""Which queues a routing key reaches."""

from __future__ import annotations

import pytest

from skafd.addons.queue.topics import matches


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("jobs", "jobs", True),
        ("jobs", "jobs.eu", False),
        ("jobs.*", "jobs.eu", True),
        ("jobs.*", "jobs", False),
        ("jobs.*", "jobs.eu.north", False),
        ("jobs.#", "jobs", True),
        ("jobs.#", "jobs.eu.north", True),
        ("#", "", True),
        ("#", "a.b.c", True),
        ("", "", True),
        ("*", "", False),
        ("#.error", "error", True),
        ("#.error", "eu.train.error", True),
        ("#.error", "eu.error.seen", False),
        ("*.train.#", "eu.train", True),
        ("#.a.#.b", "x.a.y.z.b", True),
        ("#.a.#.b", "x.b.a", False),
    ],
)
def test_a_binding_takes_the_keys_that_match_it(pattern: str, key: str, expected: bool) -> None:
    assert matches(pattern, key) is expected


def test_many_wildcards_take_no_time() -> None:
    assert not matches(".".join(["#", "a"] * 200), ".".join(["a"] * 150))
