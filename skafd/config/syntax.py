"""What a YAML parser's complaint means to the person who typed the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError

from skafd.config.nodes import quote
from skafd.config.problems import Code, Unreadable, split_lines, unreadable

_JOBS_LINE = re.compile(r"^(jobs|project_tasks) *:", re.MULTILINE)
_ITEM = re.compile(r"(\s*)-(\s|$)")
_KEY = re.compile(r" *(?:- +)?([\w.-][\w .-]{0,60}?) *:(\s|$)")
_SMART_QUOTE = re.compile("[“”‘’„‚«»]")  # noqa: RUF001 they are what is looked for


@dataclass(frozen=True, slots=True)
class _Complaint:
    """The parser's words and the line they point at; lines and columns from 1."""

    words: str
    context: str
    line: int
    column: int
    context_line: int
    context_column: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The line itself."""
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""


def explain(error: MarkedYAMLError, text: str) -> Unreadable:
    """The problem behind a parser's error, at the line to mend."""
    complaint = _read(error, text)
    for explanation in (_missing_jobs, _tab, _template, _smart_quotes, _quotes_needed, _unclosed, _colon, _indent):
        if found := explanation(complaint):
            return found
    return unreadable(Code.YAML, complaint.line, complaint.column, f"this is not YAML: {complaint.words}")


def quotes_needed(line: int, column: int, text: str) -> Unreadable:
    """The problem of a value, the rest of the line `text`, that begins with a sign of YAML's own."""
    value = text[column - 1 :].split(" #", maxsplit=1)[0].strip()
    sign = "a back-tick" if value.startswith("`") else f"`{value[:1]}`"
    hint = "write it in quotes: " + (f"'{value}'" if '"' in value else f'"{value}"')
    return unreadable(Code.QUOTES_NEEDED, line, column, f"a value that begins with {sign} must be in quotes", hint)


def _read(error: MarkedYAMLError, text: str) -> _Complaint:
    mark = error.problem_mark or error.context_mark
    start = error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    context_line, context_column = (start.line + 1, start.column + 1) if start else (line, column)
    return _Complaint(
        (error.problem or "it cannot be read").splitlines()[0],
        error.context or "",
        line,
        column,
        context_line,
        context_column,
        split_lines(text),
    )


def _missing_jobs(complaint: _Complaint) -> Unreadable | None:
    item = _ITEM.match(complaint.text)
    if not item or _JOBS_LINE.search("\n".join(complaint.lines)):
        return None
    message = "a list of jobs begins here, but the line `jobs:` is missing above it"
    return unreadable(
        Code.MISSING_JOBS, complaint.line, len(item[1]) + 1, message, "add a line `jobs:` before this one"
    )


def _tab(complaint: _Complaint) -> Unreadable | None:
    white = complaint.text[: len(complaint.text) - len(complaint.text.lstrip())]
    if "\\t" not in complaint.words and "\t" not in white:
        return None
    column = white.index("\t") + 1 if "\t" in white else complaint.column
    message = "there is a tab, and YAML is indented with spaces alone"
    return unreadable(Code.TAB, complaint.line, column, message, "replace each tab by spaces")


def _template(complaint: _Complaint) -> Unreadable | None:
    offset = complaint.text.find("{{")
    if offset < 0:
        return None
    message = f"{quote(complaint.text[offset:].split('}}')[0] + '}}')} is a template's blank that was never filled in"
    hint = "make the project with `skafd init`, or write the value"
    return unreadable(Code.TEMPLATE, complaint.line, offset + 1, message, hint)


def _smart_quotes(complaint: _Complaint) -> Unreadable | None:
    found = _SMART_QUOTE.search(complaint.text)
    if not found:
        return None
    message = "these are smart quotes, which are part of the text to YAML"
    return unreadable(Code.SMART_QUOTES, complaint.line, found.start() + 1, message, "write straight quotes")


def _quotes_needed(complaint: _Complaint) -> Unreadable | None:
    offset = complaint.column - 1
    if "while scanning an alias" in complaint.context or "while scanning an anchor" in complaint.context:
        line, offset = complaint.context_line, complaint.context_column - 1
    elif "cannot start any token" in complaint.words:
        line = complaint.line
    else:
        return None
    return quotes_needed(line, offset + 1, complaint.lines[line - 1])


def _unclosed(complaint: _Complaint) -> Unreadable | None:
    place = complaint.context_line, complaint.context_column
    if "escape" in complaint.words:
        hint = "write `\\\\` for a backslash, or use single quotes"
        return unreadable(Code.YAML, complaint.line, complaint.column, "there is no such escape in double quotes", hint)
    if "quoted scalar" in complaint.context:
        return unreadable(Code.UNCLOSED, *place, "the quote that opens here is never closed", "close it on this line")
    if "flow sequence" in complaint.context:
        return unreadable(Code.UNCLOSED, *place, "the list that opens here with `[` is not closed by `]`")
    if "flow mapping" in complaint.context:
        return unreadable(Code.UNCLOSED, *place, "the mapping that opens here with `{` is not closed by `}`")
    return None


def _colon(complaint: _Complaint) -> Unreadable | None:
    if "could not find expected ':'" in complaint.words:
        place = complaint.context_line, complaint.context_column
        return unreadable(Code.YAML, *place, "a `:` is missing after the key", "write it as `key: value`")
    if "mapping values are not allowed" not in complaint.words:
        return None
    key = _KEY.match(complaint.text)
    if key and key.end(1) < complaint.column <= key.end():
        message = f"the key `{key[1].strip()}` is indented deeper than the line above, which has a value already"
        hint = "line it up with the other keys"
        return unreadable(Code.INDENT, complaint.line, key.start(1) + 1, message, hint)
    message = "there is a second `: ` on this line"
    hint = "put the value in quotes, or the second key on a line of its own"
    return unreadable(Code.YAML, complaint.line, complaint.column, message, hint)


def _indent(complaint: _Complaint) -> Unreadable | None:
    if "<document start>" in complaint.words:
        message = "the value ended before this, and nothing may follow it"
        return unreadable(Code.YAML, complaint.line, complaint.column, message, "begin the config with `name:`")
    if "expected <block end>" not in complaint.words:
        return None
    if complaint.text[: complaint.column - 1].strip():
        message = "the value ended before this, so it cannot go on here"
        return unreadable(Code.YAML, complaint.line, complaint.column, message, "put the whole value in quotes")
    item = _ITEM.match(complaint.text)
    if not item:
        message = "this line begins at a column where nothing above it begins"
        return unreadable(Code.INDENT, complaint.line, complaint.column, message, "line it up with its neighbours")
    hint = "line it up with the other items"
    for number in range(complaint.line - 1, 0, -1):
        above = _ITEM.match(complaint.lines[number - 1])
        if above and above[1] != item[1]:
            hint = f"begin it at column {len(above[1]) + 1}, as line {number} does"
            break
    message = "this list item is not lined up with the items above it"
    return unreadable(Code.INDENT, complaint.line, len(item[1]) + 1, message, hint)
