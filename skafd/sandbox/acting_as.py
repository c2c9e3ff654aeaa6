"""Reads files with a user's rights and no others, in one thread of root's.

What a user can put a link in the place of, root must not follow with rights of its own.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from skafd.sandbox import prctl
from skafd.sandbox.user import User

# The C library's own function changes the groups of all threads.
_SET_GROUPS = {"x86_64": 116, "aarch64": 159, "riscv64": 159, "ppc64le": 81, "s390x": 206}
_CAPABILITIES_VERSION = 0x20080522
_UNCHANGED = 0xFFFFFFFF
_LONGEST_NUMBER = 2**32

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_size_t, ctypes.c_void_p)
_libc.syscall.restype = ctypes.c_long
_libc.setfsuid.argtypes = _libc.setfsgid.argtypes = (ctypes.c_uint32,)
_libc.setfsuid.restype = _libc.setfsgid.restype = ctypes.c_uint32


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("thread", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


_Both = _Capabilities * 2


@contextmanager
def acting_as(user: User | None) -> Iterator[None]:
    """What this thread opens and lists meanwhile it may only where that user may; nothing happens for None.

    Raises OSError. For few steps at a time: what is read from an open file, and written elsewhere, comes after it.
    """
    if user is None:
        yield
        return
    groups, capabilities = os.getgroups(), _capabilities()
    try:
        _set_groups(user.groups)
        _set_number(_libc.setfsgid, user.gid)
        _set_number(_libc.setfsuid, user.uid)
        # The kernel took those of files by itself. With the others one could look into processes of everybody.
        _set_effective(capabilities, (0, 0))
        yield
    finally:
        _set_effective(capabilities, (capabilities[0].effective, capabilities[1].effective))
        _set_number(_libc.setfsuid, os.geteuid())
        _set_number(_libc.setfsgid, os.getegid())
        _set_groups(groups)
        prctl.stay_readable()


def _set_groups(groups: Sequence[int]) -> None:
    number = _SET_GROUPS.get(os.uname().machine) if sys.maxsize > _LONGEST_NUMBER else None
    if number is None:
        raise OSError(errno.ENOSYS, f"it is not known how a thread acts as another user on {os.uname().machine}")
    numbers = (ctypes.c_uint32 * len(groups))(*groups)
    _check(_libc.syscall(number, len(groups), ctypes.addressof(numbers)), "setgroups")


def _set_number(setter: Callable[[int], int], number: int) -> None:
    """The setters do not say whether they did anything."""
    setter(number)
    if setter(_UNCHANGED) != number:
        raise PermissionError(errno.EPERM, f"this thread cannot act as user or group {number}")


def _capabilities() -> ctypes.Array[_Capabilities]:
    found = _Both()
    _check(_libc.capget(ctypes.byref(_Header(_CAPABILITIES_VERSION, 0)), ctypes.byref(found)), "capget")
    return found


def _set_effective(known: ctypes.Array[_Capabilities], effective: tuple[int, int]) -> None:
    wanted = _Both()
    for one, of_known, bits in zip(wanted, known, effective, strict=True):
        one.effective, one.permitted, one.inheritable = bits, of_known.permitted, of_known.inheritable
    _check(_libc.capset(ctypes.byref(_Header(_CAPABILITIES_VERSION, 0)), ctypes.byref(wanted)), "capset")


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
