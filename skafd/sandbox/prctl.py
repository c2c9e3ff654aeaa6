"""The few process settings of Linux that Python has no function for."""

from __future__ import annotations

import ctypes

from skafd.sandbox import small_files

_SET_DEATH_SIGNAL = 1
_GET_DUMPABLE = 3
_SET_DUMPABLE = 4
_SET_NAME = 15
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVILEGES = 38

_prctl = ctypes.CDLL(None).prctl
# Unsigned long in the kernel's eyes, all but the first; without this, ctypes would pass ints.
_prctl.argtypes = (ctypes.c_int, *4 * (ctypes.c_ulong,))
_was_readable = _prctl(_GET_DUMPABLE, 0, 0, 0, 0) == 1


def adopt_orphans() -> None:
    """Makes this process the new parent of descendants whose own parent ends, in place of init."""
    _set(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """Lets the kernel send `signal_number` to this process when its parent ends."""
    _set(_SET_DEATH_SIGNAL, signal_number)


def forbid_new_privileges() -> None:
    """Lets no program that this process execs gain anything by its setuid bit or its file capabilities, for ever."""
    _set(_SET_NO_NEW_PRIVILEGES, 1)


def set_name(name: str) -> None:
    """Names this process for ps and top; the kernel keeps 15 bytes."""
    text = ctypes.create_string_buffer(name.encode())
    _set(_SET_NAME, ctypes.addressof(text))


def stay_readable() -> None:
    """Lets root look into this process in a container, too, as before one of its threads changed its user."""
    if _was_readable:
        _set(_SET_DUMPABLE, 1)


def set_oom_score_adjustment(value: int) -> None:
    """Tells the kernel how readily to end this process when memory is short: -1000 never, 1000 first."""
    small_files.set_value("/proc/self/oom_score_adj", str(value))


def _set(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise OSError(f"the kernel refused process setting {option}")
