"""How a problem looks to people."""

from skafd.config import Problem, Severity, read, render


def problem(line: int, column: int, hint: str | None = None) -> Problem:
    return Problem(Severity.ERROR, "value", line, column, "no such thing", hint)


def test_the_place_the_line_a_caret_and_the_hint() -> None:
    reading = read("name: x\njobs:\n  - name: a\n    entrypiont: a.py\n", None, "metis.config.yml")
    assert render(reading.problems[0], "metis.config.yml", reading.text) == (
        "metis.config.yml:4:5: error: `entrypiont` is not a key of a job [unknown-key]\n"
        " 4 |     entrypiont: a.py\n"
        "   |     ^\n"
        " hint: did you mean `entrypoint`?"
    )


def test_a_place_past_the_end_has_no_line_to_show() -> None:
    assert render(problem(7, 1), "f", "name: x\n") == "f:7:1: error: no such thing [value]"


def test_wide_characters_take_two_cells() -> None:
    assert render(problem(1, 3), "f", "潮汐x").splitlines()[1:] == [" 1 | 潮汐x", "   |     ^"]


def test_a_long_line_is_shown_around_the_caret() -> None:
    line, caret = render(problem(1, 5001), "f", "a" * 5000 + "!" + "b" * 5000).splitlines()[1:]
    assert len(line) < 140
    assert line[caret.index("^")] == "!"


def test_nothing_that_a_terminal_would_obey_is_shown() -> None:
    assert "\x1b" not in render(problem(1, 1), "f", "\x1b[2Jname")
