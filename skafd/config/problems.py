"""What is wrong with a config, where, and what to do about it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from skafd.config.nodes import Node
from skafd.errors import ConfigError

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as the end of a line
_LONGEST_LINE_SHOWN = 120
_LONGEST_MESSAGE = 400
_MOST_PROBLEMS = 100


class Severity(StrEnum):
    """Whether the config can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """What kind of problem it is; stable, for programs. `docs/config.md` explains each."""

    UNREADABLE = "unreadable-file"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    TOO_DEEP = "too-deep"
    ENCODING = "encoding"
    CONTROL_CHARACTER = "control-character"
    EMPTY = "empty"
    YAML = "yaml"
    TAB = "tab"
    INDENT = "indent"
    QUOTES_NEEDED = "quotes-needed"
    UNCLOSED = "unclosed"
    SMART_QUOTES = "smart-quotes"
    TEMPLATE = "template"
    PLACEHOLDER = "placeholder"
    ALIAS = "alias"
    TAG = "tag"
    MISSING_JOBS = "missing-jobs"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_KEY = "unknown-key"
    MISPLACED_KEY = "misplaced-key"
    EMPTY_VALUE = "empty-value"
    EMPTY_ID = "empty-id"
    DUPLICATE_ID = "duplicate-id"
    VALUE = "value"
    NAME = "missing-name"
    SCHEDULE = "schedule"
    TIMEZONE = "timezone"
    ENTRYPOINT = "entrypoint"
    MISSING_FILE = "missing-file"
    MISSING_PROGRAM = "missing-program"
    UNKNOWN_JOB = "unknown-job"
    AMBIGUOUS_JOB = "ambiguous-job"
    CYCLE = "cycle"
    LIMITS = "limits"
    NOT_YET = "not-yet"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `line` and `column` count from 1."""

    severity: Severity
    code: str
    line: int
    column: int
    message: str
    hint: str | None = None


class Unreadable(ConfigError):
    """A file of which no part can be used: the one problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message, problem.hint)
        self.problem = problem


def unreadable(code: Code, line: int, column: int, message: str, hint: str | None = None) -> Unreadable:
    """The error that ends the reading of a file."""
    return Unreadable(_problem(Severity.ERROR, code, line, column, message, hint))


def _problem(severity: Severity, code: Code, line: int, column: int, message: str, hint: str | None) -> Problem:
    """A problem whose words, which quote the file, are safe to print."""
    return Problem(severity, code, line, column, _printable(message), _printable(hint) if hint else None)


def _printable(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text[:_LONGEST_MESSAGE])
    return f"{shown}..." if len(text) > _LONGEST_MESSAGE else shown


class Problems:
    """Collects problems. `lenient`: a shape of old, in which what was ignored then is only warned of now."""

    def __init__(self, lenient: bool = False) -> None:
        self.lenient = lenient
        self._found: dict[Problem, None] = {}
        self._counts = dict.fromkeys(Severity, 0)
        self._told: set[str] = set()

    def error(self, code: Code, node: Node, message: str, hint: str | None = None) -> None:
        """Notes what makes the config unusable. Raises Unreadable when there are too many of them."""
        if self._counts[Severity.ERROR] >= _MOST_PROBLEMS:
            message = f"there are more than {_MOST_PROBLEMS} errors"
            raise unreadable(Code.TOO_MANY, node.line, node.column, message, "mend the others first")
        self._add(_problem(Severity.ERROR, code, node.line, node.column, message, hint))

    def warn(self, code: Code, node: Node, message: str, hint: str | None = None) -> None:
        """Notes what is odd, and understood all the same; those after the first hundred are not told."""
        if self._counts[Severity.WARNING] < _MOST_PROBLEMS:
            self._add(_problem(Severity.WARNING, code, node.line, node.column, message, hint))

    def warn_once(self, code: Code, node: Node, message: str) -> None:
        """Notes what is the same wherever it is found, at the first place."""
        if message not in self._told:
            self._told.add(message)
            self.warn(code, node, message)

    @property
    def has_errors(self) -> bool:
        """Whether the config cannot be used."""
        return self._counts[Severity.ERROR] > 0

    def sorted(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(sorted(self._found, key=lambda problem: (problem.line, problem.column)))

    def _add(self, problem: Problem) -> None:
        if problem not in self._found:
            self._found[problem] = None
            self._counts[problem.severity] += 1


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return _LINE_BREAK.split(text)


def render(problem: Problem, filename: str, text: str) -> str:
    """The problem for people: `file:line:column`, the line of `text` it is in, a caret, and the hint."""
    head = f"{filename}:{problem.line}:{problem.column}: {problem.severity}: {problem.message} [{problem.code}]"
    lines = split_lines(text)
    shown = [head]
    if problem.line <= len(lines) and lines[problem.line - 1].strip():
        line, caret = _window(lines[problem.line - 1], problem.column - 1)
        margin = len(str(problem.line))
        shown += [f" {problem.line} | {line}", f" {' ' * margin} | {' ' * caret}^"]
    if problem.hint:
        shown.append(f" hint: {problem.hint}")
    return "\n".join(shown)


def _window(line: str, offset: int) -> tuple[str, int]:
    """The part of a line around `offset` without anything a terminal would obey, and the caret's cell in it."""
    start = max(0, offset - _LONGEST_LINE_SHOWN // 2) if len(line) > _LONGEST_LINE_SHOWN else 0
    part = line[start : start + _LONGEST_LINE_SHOWN]
    safe = _printable(part)
    return safe, sum(_cells(character) for character in safe[: offset - start])


def _cells(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
