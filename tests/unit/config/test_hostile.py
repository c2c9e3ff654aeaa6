"""Files that were never meant to be a config: refused, and soon.

"Soon" is measured in values looked at, which the problem's line tells, never in seconds.
"""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from skafd.config import Code, Severity, load, read, render, report

MARKS = ["- ", ": ", "\n", "  ", '"', "'", "[", "]", "{", "}", "|", ">", "#", "\t", "?", "!", "%", "@", "`", "“", "\\"]
KEYS = ["jobs:", "name: ", "job_id: ", "schedule: ", "entrypoint: ", "resources: ", "limits: ", "params: ", "env: "]
ODDITIES = ["&a ", "*a", '"\\x', '"\\u', "\r", "\x85", "\ufeff", "---\n", "...\n", "%YAML 9999999.1\n", "%TAG ! x\n"]
VALUES = ["a", "null", "0", "2Gi", "\\UFFFFFFFF", "\\uD800", "!<%ff>", "|9\n", "é"]
FRAGMENTS = some.sampled_from([*MARKS, *KEYS, *ODDITIES, *VALUES])


def code_of(content: str | bytes) -> str:
    reading = read(content, None, "f")
    assert reading.project is None
    assert len(reading.problems) == 1
    return reading.problems[0].code


@pytest.mark.parametrize("content", [b"x" * 10_000_000, "jobs: " + "é" * 600_000])
def test_a_large_file_is_refused_unread(content: str | bytes) -> None:
    assert code_of(content) == Code.TOO_LARGE


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "a: [", "[{a: "])
def test_ten_thousand_brackets(opening: str) -> None:
    assert code_of(opening * 10_000) == Code.TOO_DEEP


def test_aliases_that_multiply() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for last, name in zip("abcdefg", "bcdefgh", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]\n"
    reading = read(bomb, None, "f")
    assert [(problem.code, problem.line) for problem in reading.problems] == [(Code.ALIAS, 4)]


def test_an_alias_of_what_holds_it() -> None:
    assert code_of("jobs: &a [*a]\n") == Code.ALIAS


def test_very_many_values() -> None:
    reading = read("a: b\n" * 100_000, None, "f")
    assert [(problem.code, problem.line) for problem in reading.problems] == [(Code.TOO_LARGE, 10_000)]


def test_very_many_mistakes() -> None:
    jobs = "".join(f"- name: j{number}\n  wrong{number}: 1\n" for number in range(500))
    reading = read(f"name: x\njobs:\n{jobs}", None, "f")
    assert len(reading.problems) == 101
    assert reading.problems[-1].code == Code.TOO_MANY


def test_a_chain_of_thousands_of_jobs() -> None:
    jobs = "".join(f"- name: j{number}\n  dependencies: j{number + 1}\n" for number in range(3000))
    reading = read(f"name: x\njobs:\n{jobs}- name: j3000\n", None, "f")
    assert reading.valid


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"name: x\nnote: \xff\n", Code.ENCODING, 2, 7),
        (b"\xff\xfen\x00", Code.ENCODING, 1, 1),
        ("name: x\n\x00", Code.CONTROL_CHARACTER, 2, 1),
        ("name: a\x1b[31m", Code.CONTROL_CHARACTER, 1, 8),
        ('name: "\\e[31m"', Code.CONTROL_CHARACTER, 1, 7),
        ('name: "\\ud800"', Code.CONTROL_CHARACTER, 1, 7),
        ("name: \ud800", Code.ENCODING, 1, 7),
    ],
)
def test_bytes_that_are_no_text(content: str | bytes, code: Code, line: int, column: int) -> None:
    (problem,) = read(content, None, "f").problems
    assert (problem.code, problem.line, problem.column) == (code, line, column)


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read(b"\xef\xbb\xbfname: x\r\nentrypoint: a.py\r\n", None, "f").valid


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.yml", tmp_path):
        assert [problem.code for problem in load(path).problems] == [Code.UNREADABLE]


def test_a_large_file_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "metis.config.yml"
    path.write_bytes(b"#" * 10_000_000)
    assert [problem.code for problem in load(path).problems] == [Code.TOO_LARGE]


@settings(max_examples=300, deadline=None)
@example("@\ufefd")
@example("name: x\nschedule: \u202e* * * *")
@example("name: x\nparallelism: \u202e" + "9" * 3000)
@given(some.binary(max_size=200) | some.text(max_size=200) | some.lists(FRAGMENTS, max_size=40).map("".join))
def test_nothing_is_ever_raised(content: str | bytes) -> None:
    reading = read(content, None, "f")
    assert reading.valid == (reading.project is not None)
    assert reading.valid or any(problem.severity is Severity.ERROR for problem in reading.problems)
    assert report(reading)["valid"] is reading.valid
    for problem in reading.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert all(character == "\n" or character.isprintable() for character in render(problem, "f", reading.text))
