from __future__ import annotations

import json
import os
import resource
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skafd.home import Home
from skafd.machine import storage
from skafd.machine.circumstances import examine_clock, examine_user
from skafd.machine.doctor import examine
from skafd.machine.enforcement import Enforcement, Strength, enforcement_of, read_enforcement
from skafd.machine.findings import Severity
from skafd.machine.limits import examine_cgroups, examine_inotify, examine_open_files
from skafd.machine.storage import examine_storage
from skafd.machine.tools import examine_java, examine_pythons, examine_uv
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace

OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR


def test_everything_is_looked_at_and_fit_for_json(tmp_path: Path) -> None:
    findings = examine(Home(tmp_path / "home"))
    topics = {finding.topic for finding in findings}
    assert {"limits", "file events", "disk", "state folder", "uv", "python", "java", "user", "clock"} <= topics
    told = json.loads(json.dumps([asdict(finding) for finding in findings]))
    assert all(finding["severity"] in ("ok", "warning", "error") and finding["says"] for finding in told)
    assert all(finding["advice"] for finding in told if finding["severity"] != "ok")


def test_trying_out_what_is_enforced_leaves_nothing_behind() -> None:
    read_enforcement()
    assert [path for path in Path("/sys/fs/cgroup").glob("*/skafd/*") if f"{os.getpid()}" in path.name] == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [(CgroupKind.V2, "cgroup v2"), (CgroupKind.V1, "cgroup v1"), (CgroupKind.NONE, "none")],
)
def test_people_read_the_name_of_what_enforces(kind: CgroupKind, name: str) -> None:
    folders = {} if kind is CgroupKind.NONE else {"memory": "/m", "cpu": "/c", "cpuacct": "/a"}
    enforcement = enforcement_of(CgroupPlace(kind, folders))
    assert enforcement.name_for_people == name
    assert enforcement.is_enforced == (kind is not CgroupKind.NONE)
    assert "cpuacct" not in enforcement.controllers


def test_memory_alone_is_not_enforcement() -> None:
    enforcement = Enforcement(Strength.V1, ("memory",), ("cgroup v1 has no cpu controller here",))
    finding = examine_cgroups(enforcement)
    assert not enforcement.is_enforced
    assert finding.severity is WARNING
    assert "only memory" in finding.says
    assert "no cpu controller" in finding.says


def test_swap_that_the_kernel_does_not_count_is_warned_of() -> None:
    finding = examine_cgroups(Enforcement(Strength.V1, ("memory", "cpu"), is_swap_uncounted=True))
    assert finding.severity is WARNING
    assert "does not count swap" in finding.says
    assert "swapaccount=1" in (finding.advice or "")


def test_without_control_groups_the_advice_is_a_service() -> None:
    finding = examine_cgroups(Enforcement(Strength.NONE))
    assert "Delegate=yes" in (finding.advice or "")


@pytest.mark.parametrize(("watches", "severity"), [(8192, WARNING), (524288, OK)])
def test_the_limit_of_watches(tmp_path: Path, watches: int, severity: Severity) -> None:
    folder = tmp_path / "sys" / "fs" / "inotify"
    folder.mkdir(parents=True)
    (folder / "max_user_watches").write_text(f"{watches}\n")
    (folder / "max_user_instances").write_text("128\n")
    finding = examine_inotify(tmp_path)
    assert finding.severity is severity
    assert severity is OK or "fs.inotify.max_user_watches=" in (finding.advice or "")


def test_a_kernel_without_inotify(tmp_path: Path) -> None:
    assert "polled" in (examine_inotify(tmp_path).advice or "")


def test_few_open_files_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 512))
    finding = examine_open_files()
    assert finding.severity is WARNING
    assert finding.says.startswith("the daemon can have 512: with more than 256 jobs at once")
    assert "ulimit -n 1024" in (finding.advice or "")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((1024, 2**20), "65536"),
        ((2**20, 2**20), "1048576"),
        ((1024, 4096), "4096"),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), "65536"),
    ],
)
def test_the_daemon_raises_what_it_is_given(monkeypatch: pytest.MonkeyPatch, given: tuple[int, int], says: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: given)
    finding = examine_open_files()
    assert (finding.severity, finding.says) == (OK, f"the daemon can have {says}")


def test_a_state_folder_that_does_not_exist_yet_is_judged_by_where_it_would_be(tmp_path: Path) -> None:
    findings = examine_storage(Home(tmp_path / "not" / "yet"))
    assert {finding.topic: finding.severity for finding in findings}["access"] is OK


@pytest.mark.parametrize(("low", "too_low", "severity"), [(2**62, 0, WARNING), (2**62, 2**62, ERROR), (0, 0, OK)])
def test_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, low: int, too_low: int, severity: Severity
) -> None:
    monkeypatch.setattr(storage, "LOW_BYTES", low)
    monkeypatch.setattr(storage, "TOO_LOW_BYTES", too_low)
    monkeypatch.setattr(storage, "LOW_INODES", 0)
    assert examine_storage(Home(tmp_path))[0].severity is severity


def test_a_network_file_system_is_no_place_for_the_state(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "mounts").write_text("server:/x / nfs4 rw 0 0\n")
    finding = examine_storage(Home(tmp_path), proc)[1]
    assert (finding.severity, "nfs4" in finding.says) == (ERROR, True)


def test_uv_and_pythons_are_found() -> None:
    assert examine_uv().says.startswith("uv ")
    assert "3." in examine_pythons().says


@pytest.mark.parametrize(
    ("version", "severity", "says"),
    [
        ("21.0.2", OK, "Java 21.0.2"),
        ("17", OK, "Java 17"),
        ("11.0.20", WARNING, "too old"),
        ("1.8.0_392", WARNING, "Java 8.0_392"),
    ],
)
def test_java_has_to_be_new_enough_for_spark(tmp_path: Path, version: str, severity: Severity, says: str) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    for environment in ({"JAVA_HOME": str(tmp_path)}, {"PATH": str(java.parent)}):
        finding = examine_java(environment, ())
        assert finding.severity is severity
        assert says in finding.says


def test_no_java_matters_to_spark_only(tmp_path: Path) -> None:
    finding = examine_java({"PATH": str(tmp_path)}, ())
    assert (finding.severity, "Spark" in (finding.advice or "")) == (WARNING, True)


def test_running_as_root_is_worth_a_word() -> None:
    assert "whom their project folder belongs to" in examine_user(0).says
    assert examine_user(1000).severity is OK


def test_the_clock(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    finding = examine_clock(datetime(2026, 1, 2, 3, 4, tzinfo=UTC), tmp_path / "localtime")
    assert "2026-01-02 03:04 UTC; local zone Europe/Berlin" in finding.says
    assert examine_clock(datetime(1970, 1, 1, tzinfo=UTC)).severity is ERROR
