"""Secrets are masked wherever the stream is cut, and nothing else is changed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.sandbox.redact import Redactor

# Few letters, so that secrets repeat, overlap and begin in each other.
letters = st.text(alphabet="ab\n", max_size=40)
stripped = st.text(alphabet="ab\n", min_size=4, max_size=8).filter(lambda text: text == text.strip())
secrets = st.lists(stripped, max_size=4)


def masked(text: str, secrets: list[str], cuts: list[int] | None = None) -> str:
    """Feeds the text in pieces that end at the given positions."""
    redactor = Redactor(secrets)
    data = text.encode()
    edges = [0, *sorted(cuts or []), len(data)]
    pieces = [redactor.feed(data[start:end]) for start, end in pairwise(edges)]
    return (b"".join(pieces) + redactor.finish()).decode()


def masked_slowly(text: str, secrets: list[str]) -> str:
    """What masking means, in the plainest way: every position is covered by which secrets?"""
    spans = sorted(
        (start, start + len(secret))
        for secret in secrets
        for start in range(len(text))
        if text.startswith(secret, start)
    )
    shown, position = "", 0
    for start, end in spans:
        if start >= position:
            shown += text[position:start] + "***"
        position = max(position, end)
    return shown + text[position:]


@given(text=letters, secrets=secrets, cuts=st.lists(st.integers(0, 40), max_size=12))
def test_the_result_does_not_depend_on_the_cuts(text: str, secrets: list[str], cuts: list[int]) -> None:
    assert masked(text, secrets, [min(cut, len(text)) for cut in cuts]) == masked_slowly(text, secrets)


@given(text=st.text(max_size=30), secrets=st.lists(st.text(min_size=4, max_size=6), min_size=1, max_size=3))
def test_no_secret_is_left(text: str, secrets: list[str]) -> None:
    long_enough = [secret for secret in secrets if len(secret.strip().encode()) >= 4]
    mixed = text.join(long_enough) + text
    shown = masked(mixed, long_enough, list(range(len(mixed.encode()))))
    assert not any(secret in shown for secret in long_enough if "*" not in secret)


@given(text=st.binary(max_size=50))
def test_without_secrets_nothing_is_touched_or_held(text: bytes) -> None:
    assert Redactor(()).feed(text) == text


def test_only_what_may_become_a_secret_is_held_back() -> None:
    redactor = Redactor(["password"])
    assert redactor.feed(b"my pass") == b"my "
    assert redactor.feed(b"ing shot\n") == b"passing shot\n"


def test_an_endless_run_of_overlaps_is_one_mask_and_takes_no_memory() -> None:
    redactor = Redactor(["aaaa"])
    shown = b"".join(redactor.feed(b"a" * 1000) for _ in range(50))
    assert shown + redactor.finish() == b"***"
    assert len(redactor._held) < 4


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("line one\nline two", "key: line one\nline two;", "key: ***;"),
        ("token\n", "the token is", "the *** is"),
        ("pässwörd", "my pässwörd!", "my ***!"),
        ("abc", "abc is too short", "abc is too short"),
        ("", "nothing", "nothing"),
    ],
)
def test_secrets_of_all_shapes(secret: str, text: str, shown: str) -> None:
    assert Redactor([secret]).mask(text) == shown
