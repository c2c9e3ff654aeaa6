"""The manual pages: roff, made from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skafd import __version__
from skafd.commands.exit_codes import ExitCode

_CODES = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "the thing asked about failed, does not exist, or was refused",
    ExitCode.USAGE: "the command line was not understood; nothing was done",
    ExitCode.UNREACHABLE: "the daemon cannot be reached",
    ExitCode.INTERRUPTED: "ended by Ctrl-C",
}


def write_pages(group: Any, folder: Path) -> list[Path]:
    """Writes `skafd.1` and `skafd-<command>.1` for each command; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, command in _commands(group, "skafd"):
        path = folder / f"{name.replace(' ', '-')}.1"
        path.write_text("\n".join(_page(name, command)) + "\n")
        written.append(path)
    return written


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for each in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from _commands(command.get_command(None, each), f"{name} {each}")


def _page(name: str, command: Any) -> Iterator[str]:
    text, _, examples = (command.help or "").partition("\b")
    summary, _, rest = text.strip().partition("\n")
    yield f'.TH "{name.replace(" ", "-").upper()}" 1 "" "skafd {__version__}"'
    yield from (".SH NAME", f"{_plain(name.replace(' ', '-'))} \\- {_plain(summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {_plain(name)}", _plain(" ".join(_usage(command))))
    if rest.strip():
        yield ".SH DESCRIPTION"
        yield from (line if line else ".PP" for line in map(_plain, map(str.strip, rest.strip().splitlines())))
    yield from _section(
        "OPTIONS", [(", ".join([*each.opts, *each.secondary_opts]), each.help) for each in _options(command)]
    )
    if hasattr(command, "list_commands"):
        under = ((each, command.get_command(None, each)) for each in command.list_commands(None))
        yield from _section("COMMANDS", [(f"{name} {each}", found.get_short_help_str(200)) for each, found in under])
    if examples.strip():
        yield from (".SH EXAMPLES", ".nf")
        yield from (_plain(line.strip()) for line in examples.strip().splitlines()[1:])
        yield ".fi"
    yield from _section("EXIT STATUS", [(str(int(code)), said) for code, said in _CODES.items()])
    yield from _section("ENVIRONMENT", [("SKAFD_HOME", "The state folder.")])


def _usage(command: Any) -> Iterator[str]:
    if any(True for _ in _options(command)):
        yield "[OPTIONS]"
    yield from (each.make_metavar(None) for each in command.params if each.param_type_name == "argument")
    if hasattr(command, "list_commands"):
        yield "COMMAND [ARGS]..."


def _options(command: Any) -> Iterator[Any]:
    return (each for each in command.params if each.param_type_name == "option" and each.opts != ["--help"])


def _section(title: str, entries: list[tuple[str, str | None]]) -> Iterator[str]:
    if entries:
        yield f".SH {title}"
    for term, text in entries:
        yield from (".TP", f".B {_plain(term)}", _plain(text or ""))


def _plain(text: str) -> str:
    """Text as roff reads it: hyphens that can be copied, and no line that looks like a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
