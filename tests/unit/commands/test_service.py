"""`skafd service`, as far as it goes without systemd, and the units that it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from skafd.commands.application import run
from skafd.commands.units import unit_folder, unit_texts

ROOT = Path(__file__).resolve().parents[3]


class _Unit(ConfigParser):
    optionxform = staticmethod(str)  # type: ignore[assignment]


def _parsed(text: str) -> ConfigParser:
    unit = _Unit(interpolation=None, strict=True)
    unit.read_string(text)
    return unit


@pytest.fixture
def without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH and folders of one's own; returns where a user's units go."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SKAFD_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "config" / "systemd" / "user"


@pytest.mark.parametrize("user", [False, True])
def test_a_unit_keeps_its_jobs_alive_and_the_daemon_too(user: bool) -> None:
    service = _parsed(unit_texts(user)["skafd.service"])["Service"]
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert service["KillMode"] == "process"
    assert service["Delegate"] == "yes"
    assert service["OOMPolicy"] == "continue"
    assert service["WatchdogSec"]
    assert service["ExecStart"].startswith(f"{sys.executable} -P -m skafd.daemon --home /")


@pytest.mark.parametrize("user", [False, True])
def test_a_daemon_that_begins_in_a_home_with_a_random_py_takes_the_librarys(user: bool, tmp_path: Path) -> None:
    for name in ("random", "queue", "logging"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this one is not of the standard library')")
    command = _parsed(unit_texts(user)["skafd.service"])["Service"]["ExecStart"].split()
    asked = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "--home" in asked.stdout


def test_the_unit_of_the_machine_is_the_last_to_be_killed_and_hides_nothing_from_jobs() -> None:
    service = _parsed(unit_texts(user=False)["skafd.service"])["Service"]
    assert service["OOMScoreAdjust"] == "-900"
    assert "--home /var/lib/skafd" in service["ExecStart"]
    hiding = {"PrivateTmp", "ProtectHome", "ProtectSystem", "PrivateDevices", "SystemCallFilter", "RestrictNamespaces"}
    assert hiding.isdisjoint(service)


@pytest.mark.parametrize("user", [False, True])
def test_nothing_is_left_to_be_filled_in(user: bool) -> None:
    texts = unit_texts(user)
    assert set(texts) == {"skafd.service", "skafd-jobs.slice"}
    assert all("@" not in line for text in texts.values() for line in text.splitlines() if not line.startswith("#"))
    assert "Slice" in _parsed(texts["skafd-jobs.slice"])


def test_the_units_are_found_in_the_folder_systemd_of_the_repository() -> None:
    assert {path.name for path in (ROOT / "systemd").iterdir()} == {
        "skafd.service",
        "skafd-user.service",
        "skafd-jobs.slice",
    }


def test_a_user_without_systemd_gets_the_units_and_is_told(
    without_systemd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["service", "install", "--user"]) == 1
    said = capsys.readouterr()
    assert "no systemd" in said.err
    assert "skafd up" in said.err
    assert f"wrote {without_systemd / 'skafd.service'}" in said.out
    assert f"--home {tmp_path / 'state'}" in (without_systemd / "skafd.service").read_text()


def test_units_alone_can_be_written_without_systemd(without_systemd: Path) -> None:
    assert run(["service", "install", "--user", "--no-start"]) == 0
    assert {path.name for path in without_systemd.iterdir()} == {"skafd.service", "skafd-jobs.slice"}


@pytest.mark.parametrize("command", ["uninstall", "status"])
def test_what_is_not_installed_is_named(
    command: str, without_systemd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["service", command, "--user"]) == 1
    said = capsys.readouterr().err
    assert f"no skafd service in {without_systemd}" in said
    assert "skafd service install --user" in said


def test_a_state_folder_that_systemd_cannot_be_told_of_is_refused(
    without_systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKAFD_HOME", str(tmp_path / "my state"))
    assert run(["service", "install", "--user"]) == 1
    assert "blanks" in capsys.readouterr().err
    assert not (without_systemd / "skafd.service").exists()


def test_only_root_installs_for_the_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run(["service", "install"]) == 1
    assert "--user" in capsys.readouterr().err


def test_a_users_units_are_below_the_home_without_a_variable() -> None:
    assert unit_folder(user=True, environment={}) == Path.home() / ".config/systemd/user"
    assert unit_folder(user=False) == Path("/etc/systemd/system")
