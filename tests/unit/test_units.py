"""Amounts as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skafd.units import format_duration, format_memory, parse_cores, parse_duration, parse_memory


@pytest.mark.parametrize(
    ("text", "amount_bytes"),
    [("2Gi", 2**31), ("512Mi", 2**29), ("1.5G", 1_500_000_000), ("1000", 1000), (" 64 MiB ", 2**26), ("8k", 8000)],
)
def test_memory(text: str, amount_bytes: int) -> None:
    assert parse_memory(text) == amount_bytes


@pytest.mark.parametrize(("text", "cores"), [("2", 2.0), ("0.5", 0.5), ("500m", 0.5), (" 1 ", 1.0)])
def test_cores(text: str, cores: float) -> None:
    assert parse_cores(text) == cores


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("2h", 7200), ("1h30m", 5400), ("1h 30m", 5400), ("250ms", 0.25), ("90", 90), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("parse", [parse_memory, parse_cores, parse_duration])
@pytest.mark.parametrize("text", ["", "two", "-1", "1e3", "nan", "1,5", "٣", "9" * 400, "1 2", "1x", "h1"])
def test_what_is_no_amount_is_refused_with_how_to_write_it(parse, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="write it as"):
        parse(text)


@given(some.text(max_size=30))
def test_any_text_is_a_finite_amount_or_refused(text: str) -> None:
    for parse in (parse_memory, parse_cores, parse_duration):
        try:
            amount = parse(text)
        except ValueError:
            continue
        assert amount >= 0
        assert math.isfinite(amount)


@pytest.mark.parametrize(
    ("amount_bytes", "text"),
    [(0, "0B"), (1023, "1023B"), (2**26, "64Mi"), (3 * 2**29, "1.5Gi"), (2**30 - 1, "1Gi"), (2**60, "1024Pi")],
)
def test_memory_for_people(amount_bytes: int, text: str) -> None:
    assert format_memory(amount_bytes) == text


@given(some.integers(0, 2**60))
def test_memory_for_people_is_near_what_it_was(amount_bytes: int) -> None:
    text = format_memory(amount_bytes)
    assert parse_memory(text) == pytest.approx(amount_bytes, rel=0.05)
    assert len(text) <= 8


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0s"),
        (0.44, "0.4s"),
        (9.96, "10s"),
        (12, "12s"),
        (59.6, "1m00s"),
        (200, "3m20s"),
        (3599.7, "1h00m"),
        (7500, "2h05m"),
        (86399.9, "1d00h"),
        (273600, "3d04h"),
    ],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(some.floats(10, 10_000_000))
def test_durations_for_people_lose_less_than_their_smaller_unit(seconds: float) -> None:
    lost = abs(parse_duration(format_duration(seconds)) - seconds)
    assert lost <= (0.5 if seconds < 3599 else 60.5 if seconds < 86399 else 3600.5)
