"""Outcomes in a sentence: no more is said than is known."""

from __future__ import annotations

import pytest

from skafd.model.outcome import OomKilled, Outcome, Signalled, describe, suggested_limit_bytes

MIB = 2**20


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Signalled(9), "killed by SIGKILL, which skafd did not send"),
        (Signalled(0, "ended by skafd's memory watch"), "ended by skafd's memory watch"),
        (Signalled(9, "ended by skafd's memory watch"), "ended by skafd's memory watch"),
        (OomKilled(64 * MIB, 60 * MIB), "out of memory: limit 64Mi, peak 60Mi; try memory: 128Mi"),
        (
            OomKilled(64 * MIB, 64 * MIB, earlier_peak_bytes=200 * MIB),
            "out of memory: limit 64Mi, peak 64Mi; earlier attempts took up to 200Mi; try memory: 320Mi",
        ),
        (
            OomKilled(64 * MIB, 64 * MIB, earlier_peak_bytes=64 * MIB),
            "out of memory: limit 64Mi, peak 64Mi; try memory: 128Mi",
        ),
        (
            OomKilled(64 * MIB, 9 * MIB, "the machine had none left"),
            "the machine had none left (limit 64Mi, peak 9Mi)",
        ),
        (OomKilled(None, 9 * MIB, "the machine had none left"), "the machine had none left (no limit, peak 9Mi)"),
        (OomKilled(None, 9 * MIB), "that of the machine (no limit, peak 9Mi)"),
    ],
)
def test_what_is_said_is_what_is_known(outcome: Outcome, sentence: str) -> None:
    said = describe(outcome)
    assert said.endswith(sentence)
    assert isinstance(outcome, OomKilled) == said.startswith("out of memory: ")


def test_a_larger_limit_is_suggested_only_where_it_would_help() -> None:
    assert suggested_limit_bytes(OomKilled(64 * MIB, 64 * MIB)) == 128 * MIB
    assert suggested_limit_bytes(OomKilled(64 * MIB, 9 * MIB, "the machine had none left")) is None
    assert suggested_limit_bytes(OomKilled(None, 9 * MIB)) is None
