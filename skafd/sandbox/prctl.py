"""The few process settings of Linux that Python has no function for."""

from __future__ import annotations

import ctypes
import os

_SET_DEATH_SIGNAL = 1
_SET_NAME = 15
_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Makes this process the new parent of descendants whose own parent ends, in place of init."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """Lets the kernel send `signal_number` to this process when its parent ends."""
    _prctl(_SET_DEATH_SIGNAL, signal_number)


def set_name(name: str) -> None:
    """Names this process for ps and top; the kernel keeps 15 bytes."""
    _prctl(_SET_NAME, ctypes.c_char_p(name.encode()))


def _prctl(option: int, value: object) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")
