"""What goes to the screen or into the pipe."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from skafd.errors import Refused, SkafdError

if TYPE_CHECKING:
    from rich.text import Text


def is_terminal() -> bool:
    """Somebody looks at the output."""
    return sys.stdout.isatty()


def terminal_width() -> int | None:
    """Columns of the terminal; None in a pipe, where nothing is cut."""
    return shutil.get_terminal_size().columns if is_terminal() else None


def print_json(value: Any) -> None:
    """Prints a value for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_text(text: Text) -> None:
    """Prints with colours where a terminal shows them and NO_COLOR does not forbid them."""
    if not is_terminal():
        print(plain(text))
        return
    from rich.console import Console

    Console(highlight=False).print(text, soft_wrap=True)


def plain(text: Text) -> str:
    """The text alone, without blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.plain.splitlines())


def confirm(question: str, yes: bool) -> None:
    """Asks, unless `yes` or nobody sits at a terminal to answer. Raises Refused if the answer is no."""
    if yes or not sys.stdin.isatty():
        return
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("nothing was done", "answer y, or say --yes")


def say(message: str) -> None:
    """Prints a remark for people, which is no part of the answer."""
    print(message, file=sys.stderr, flush=True)


def say_error(error: SkafdError) -> None:
    """Prints what went wrong and what to do about it."""
    say(f"error: {error.message}")
    if error.hint:
        say(f"  {error.hint}")
