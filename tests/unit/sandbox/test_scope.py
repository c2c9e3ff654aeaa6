from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from skafd.sandbox.cgroup import ask_systemd
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.scope import Manager, Scope, find_manager, variables

SCOPE = Scope(Manager.USER, "4f2a", "/sys/fs/cgroup")
FAKE_SYSTEMD_RUN = """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
{deed}
"""


def test_each_launcher_gets_a_delegated_scope_of_its_own_in_the_slice_of_jobs() -> None:
    first, second = SCOPE.command(["true"]), SCOPE.command(["true"])
    assert first != second
    assert first[-2:] == ["--", "true"]
    assert {"--user", "--slice=skafd-jobs.slice", "--property=Delegate=yes"} <= set(first)


def test_a_place_goes_to_the_launcher_with_its_scope_and_to_an_attempt_without() -> None:
    place = CgroupPlace(CgroupKind.V2, {"memory": "/m"}, scope=SCOPE)
    assert CgroupPlace.from_json(json.loads(json.dumps(place.to_json()))) == place
    assert place.leaf("it").scope is None


@pytest.mark.parametrize(("user_id", "manager"), [(0, Manager.SYSTEM), (1000, Manager.USER)])
def test_root_asks_the_systemd_of_the_machine_and_a_user_his_own(
    user_id: int, manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user_id)
    assert find_manager({}, str(tmp_path)) is None
    (tmp_path / "systemd" / "system").mkdir(parents=True)
    (tmp_path / "user" / "1000" / "systemd" / "private").mkdir(parents=True)
    assert find_manager({}, str(tmp_path)) is manager


def test_a_user_without_a_systemd_of_his_own_gets_no_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "systemd" / "system").mkdir(parents=True)
    assert find_manager({}, str(tmp_path)) is None


def test_only_what_leads_to_systemd_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = variables({"XDG_RUNTIME_DIR": "/run/mine", "SECRET": "x", "HOME": "/home/ada"})
    assert found == {"XDG_RUNTIME_DIR": "/run/mine"}
    assert variables({}) == {"XDG_RUNTIME_DIR": "/run/user/1000"}


def _systemd_run(folder: Path, deed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "systemd-run"
    program.write_text(FAKE_SYSTEMD_RUN.format(deed=deed))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_what_a_process_finds_in_the_scope_is_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CgroupPlace(CgroupKind.V2, {"memory": "/s/jobs"}).to_json()
    _systemd_run(tmp_path, f"echo '{json.dumps(answer)}'", monkeypatch)
    assert ask_systemd.ask(SCOPE) == CgroupPlace(CgroupKind.V2, {"memory": "/s/jobs"}, scope=SCOPE)


def test_what_systemd_says_against_it_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _systemd_run(tmp_path, "echo 'Failed to connect to bus' >&2; exit 1", monkeypatch)
    with pytest.raises(OSError, match="Failed to connect to bus"):
        ask_systemd.ask(SCOPE)
