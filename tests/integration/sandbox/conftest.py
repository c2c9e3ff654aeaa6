"""A sandbox with the real control groups of this machine, and one without any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.detect import detect
from tests.support.sandboxed import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """With whatever this machine has."""
    made = Sandbox(tmp_path, detect(tmp_path))
    yield made
    made.close()


@pytest.fixture
def enforcing(sandbox: Sandbox) -> Sandbox:
    """With limits that hold."""
    if os.geteuid() != 0 or sandbox.place.kind is CgroupKind.NONE:
        pytest.skip(f"LIMITS ARE NOT TESTED HERE: {'; '.join(sandbox.place.problems) or 'this user is not root'}")
    return sandbox


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Sandbox]:
    """Without control groups."""
    made = Sandbox(tmp_path, CgroupPlace(CgroupKind.NONE))
    yield made
    made.close()
