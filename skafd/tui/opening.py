"""Opening the screen: what is known is drawn at once, and only then is what it takes to use it loaded."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, cast

from rich.color import ColorSystem
from rich.style import Style
from rich.text import Text

from skafd import clock
from skafd.api.client import Client
from skafd.tui.mirror import Mirror
from skafd.tui.row_look import draw_row, header
from skafd.tui.rows import RowMaker
from skafd.tui.sizes import DETAIL_COLUMNS, DETAIL_LINES, WIDE_COLUMNS
from skafd.tui.top_line import top_line

if TYPE_CHECKING:
    from rich.console import Console

_OTHER_SCREEN, _FIRST_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J", "\x1b[?1049l\x1b[?25h"
_USUAL = (700, 10, 10)
"""How often Python looks for what is garbage, unless somebody says otherwise."""
_LOCAL = 3
"""Where the flags of echo, lines and signals are in what describes a terminal."""
_KEYS_LINE = 1
"""At the bottom."""


def show(client: Client) -> None:
    """Shows the screen until it is left. Raises DaemonUnreachable where no daemon answers at first."""
    known = Mirror().merged(client.status())
    with _keys_kept():
        sys.stdout.write(_OTHER_SCREEN + first_paint(known, shutil.get_terminal_size(), clock.now()))
        sys.stdout.flush()
        try:
            # Only now: it takes longer than everything else together.
            from skafd.tui.app import SkafdApp

            # It may stay open for weeks.
            gc.set_threshold(*_USUAL)
            app = SkafdApp(client, known)
        except BaseException:
            sys.stdout.write(_FIRST_SCREEN)
            sys.stdout.flush()
            raise
        app.run()


def first_paint(mirror: Mirror, size: os.terminal_size, now: datetime) -> str:
    """What the list of projects and jobs shows first, for a terminal of that size."""
    is_wide = size.columns >= WIDE_COLUMNS
    columns = size.columns - DETAIL_COLUMNS if is_wide else size.columns
    lines = max(0, size.lines - 2 - _KEYS_LINE - (0 if is_wide else DETAIL_LINES))
    rows = list(islice(RowMaker().each(mirror), lines + 1))
    # With more than fit, one column is for the bar that scrolls.
    width = columns - (len(rows) > lines)
    top = Text(" ").append_text(top_line(mirror))
    return _coloured([top, header(columns), *(draw_row(row, width, now) for row in rows[:lines])])


class _Styles:
    """All that a text needs of a console to be drawn; the console itself takes long to load."""

    def get_style(self, style: str | Style, **_: object) -> Style:
        return Style.parse(style) if isinstance(style, str) else style


def _coloured(lines: list[Text]) -> str:
    """As text with colours that every terminal has, unless NO_COLOR is set."""
    colours = None if os.environ.get("NO_COLOR") else ColorSystem.STANDARD
    segments = (line.render(cast("Console", _Styles()), end="") for line in lines)
    drawn = (
        "".join(each.style.render(each.text, color_system=colours) if each.style else each.text for each in line)
        for line in segments
    )
    return "\r\n".join(drawn)


@contextmanager
def _keys_kept() -> Iterator[None]:
    """Keys that are pressed meanwhile, Ctrl-C too, are not echoed, and are there when the screen can take them."""
    keyboard = sys.stdin.fileno()
    if not os.isatty(keyboard):
        yield
        return
    before = termios.tcgetattr(keyboard)
    meanwhile = termios.tcgetattr(keyboard)
    meanwhile[_LOCAL] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(keyboard, termios.TCSADRAIN, meanwhile)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
