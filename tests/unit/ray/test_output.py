"""What arrives of a job's output."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skafd.ray.attendant.output import Output

MARK = "\x1eskafd-abc"


def test_what_is_published_is_taken_out_of_the_log(tmp_path: Path) -> None:
    log, published = io.BytesIO(), tmp_path / "output.json"
    text = base64.b64encode(b'["a", "b"]').decode()
    Output(log, MARK, str(published)).take(f"one\ntwo{MARK} no\n{MARK}+{text[:5]}\n{MARK}+{text[5:]}\n{MARK}.\nlast\n")
    assert log.getvalue().decode() == f"one\ntwo{MARK} no\nlast\n"
    assert published.read_text() == '["a", "b"]'


@given(st.text(alphabet="ab\n\x1eskafd-é", max_size=60), st.lists(st.integers(0, 60), max_size=5), st.integers(0, 60))
def test_no_character_is_lost_or_doubled_however_it_comes(text: str, cuts: list[int], broken_at: int) -> None:
    log = io.BytesIO()
    output = Output(log, MARK, "/nowhere/output.json")
    output.take(text[:broken_at])
    output.begin_again()
    places = [0, *sorted(cuts), len(text)]
    for start, end in pairwise(places):
        output.take(text[start:end])
    output.end()
    assert log.getvalue().decode() == text


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_last_line_without_an_end_is_kept(ending: str) -> None:
    log = io.BytesIO()
    output = Output(log, MARK, "/nowhere/output.json")
    output.take(f"last{ending}")
    output.end()
    assert log.getvalue().decode() == f"last{ending}"
