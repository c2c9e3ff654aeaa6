"""What an earlier daemon's builds left is ended, and keeps nobody from starting."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.daemon.build_runner import BuildRunner
from skafd.model.limits import Capacity
from skafd.sandbox import processes, tree
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace

BEYOND_ALL_PIDS = 2**22 + 1
"""Nobody has it, so no signal reaches it."""


def test_a_leftover_of_a_build_that_cannot_be_ended_is_said_once_and_does_not_keep_the_daemon_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tree, "_GONE_WITHIN_SECONDS", 0.0)
    monkeypatch.setattr(processes, "with_cookie", lambda _: [BEYOND_ALL_PIDS])
    BuildRunner(tmp_path, CgroupPlace(CgroupKind.NONE), Capacity(1.0, 2**30)).end_leftovers()
    [said] = caplog.messages
    assert "could not be ended" in said
    assert f"pid {BEYOND_ALL_PIDS}" in said
