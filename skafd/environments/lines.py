"""What a single line of a requirements file means."""

from __future__ import annotations

import re
from pathlib import Path

SDK = "skafossdk"
INCLUDE = re.compile(r"(?:-(?P<short>[rc])\s*|--(?P<long>requirement|constraint)[=\s]\s*)(?P<path>\S.*)")
_SDK = re.compile(rf"(?:{SDK}(?![\w.-])|.*[#&]egg={SDK}\b)", re.IGNORECASE)
_EDITABLE = re.compile(r"(?:-e\s*+|--editable[=\s]\s*+)")
_OPTION = re.compile(r"(?P<name>--?[\w-]+)(?:[=\s]\s*(?P<value>\S.*))?")
_REMOTE = re.compile(r"(?:\w+\+|https?:|\w+\s*(?:\[.*\])?\s*@\s*(?!file:))")
_FILE_URL = re.compile(r"(?:[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*)?file:(?://)?(?P<path>[^\s;#\[]+)", re.IGNORECASE)
_PATH = re.compile(r"(?P<path>(?:\.{0,2}/|\.\.?(?=$|[\s\[;])|[^\s;@\[]*/)[^\s;\[#]*)")
_ARCHIVE = re.compile(r"(?P<path>[^\s;@]+\.(?:whl|zip|tar\.gz|tar\.bz2))(?=$|[\s;\[])", re.IGNORECASE)
_BARE_FOLDER = re.compile(r"(?P<path>[^\s;\[#]+)")
_URL = re.compile(r"(?:\w+\+)?https?://[^\s;#]+")
_SHORT_OPTIONS = {"-i": "--index-url", "-f": "--find-links"}


def is_sdk(line: str) -> bool:
    """Whether it asks for the SDK, in whatever way."""
    return _SDK.match(line) is not None


def option_of(line: str) -> tuple[str, str] | None:
    """Name and value of a line that is an option and no requirement."""
    if not line.startswith("-") or _EDITABLE.match(line):
        return None
    found = _OPTION.match(line)
    name = found["name"] if found else line
    if name[:2] in _SHORT_OPTIONS and not name.startswith("--"):
        return _SHORT_OPTIONS[name[:2]], line[2:].strip("= ")
    return name, ((found["value"] or "") if found else "").strip().strip("'\"")


def local_path(line: str) -> str | None:
    """The path of the code or archive on this machine that a requirement line means; None when it means something else.

    `-e lib`, `./lib`, `.[extra]`, `lib @ file:///lib`, `wheels/lib-1.0-py3-none-any.whl`.
    """
    editable = _EDITABLE.match(line)
    rest = line[editable.end() :] if editable else line
    if rest.startswith("-") or _REMOTE.match(rest):
        return None
    forms = (_FILE_URL, _PATH, _ARCHIVE, *((_BARE_FOLDER,) if editable else ()))
    found = next((match for form in forms if (match := form.match(rest))), None)
    return found["path"] if found else None


def with_local_path(line: str, path: Path) -> str:
    """The line with another path in the place of its own."""
    old = local_path(line)
    assert old is not None, line
    return line.replace(old, str(path), 1)


def url_of(line: str) -> str | None:
    """The URL that a requirement is to be fetched from."""
    found = None if option_of(line) else _URL.search(line)
    return found[0] if found else None
