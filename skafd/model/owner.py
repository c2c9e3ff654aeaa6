"""Whose a folder is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """User and group, as the file system has them."""

    uid: int
    gid: int
