"""What jobs say of themselves."""

from __future__ import annotations

import math

import pytest

from skafd.model.kept import Progress, progress_of

NOW = "2030-01-01T12:00:00+00:00"


def test_a_whole_that_is_none_is_not_known() -> None:
    assert progress_of(3, 10, "epoch 3", NOW) == Progress(3, 10, "epoch 3", NOW)
    assert progress_of(3, 0, "", NOW).total is None
    assert progress_of(3, -1, "", NOW).total is None


@pytest.mark.parametrize(("done", "total"), [(math.nan, 1.0), (math.inf, None), (1.0, math.nan), (1.0, math.inf)])
def test_what_is_no_number_is_refused(done: float, total: float | None) -> None:
    """`skafd status` could not show it."""
    with pytest.raises(ValueError, match="is a number"):
        progress_of(done, total, "", NOW)


def test_the_text_is_one_line_that_moves_no_cursor() -> None:
    assert progress_of(1, 2, "a\nb\x1b[2J", NOW).text == "a b [2J"
    assert len(progress_of(1, 2, "x" * 10_000, NOW).text) == 200
