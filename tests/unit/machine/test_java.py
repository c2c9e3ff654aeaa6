"""The Java that Spark runs on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from skafd.machine.java import find_java, how_to_install


def make_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
    program.chmod(0o755)
    return program


def test_the_first_that_will_do_is_taken(tmp_path: Path) -> None:
    old, new = make_java(tmp_path / "old", "11.0.2"), make_java(tmp_path / "jvm" / "java-21", "21.0.1")
    environment = {"JAVA_HOME": str(tmp_path / "old"), "PATH": str(old.parent)}
    found = find_java(environment, (str(tmp_path / "jvm"),))
    assert found is not None
    assert (found.program, found.version, found.home) == (new, 21, tmp_path / "jvm" / "java-21")
    assert find_java(environment, ()) is None


def test_a_java_that_was_replaced_is_asked_again(tmp_path: Path) -> None:
    program = make_java(tmp_path, "11.0.2")
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}, ()) is None
    program.write_text(program.read_text().replace("11.0.2", "17.0.2"))
    os.utime(program, ns=(1, 1))
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}, ()) is not None


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "apt-get install -y openjdk-17-jre-headless"),
        ('ID=debian\nVERSION_ID="13"\n', "apt-get install -y openjdk-21-jre-headless"),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', "apt-get install -y openjdk-17-jre-headless"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install -y java-17-openjdk-headless"),
        ("ID=plan9\n", "JAVA_HOME"),
    ],
)
def test_one_command_installs_it(tmp_path: Path, release: str, command: str) -> None:
    (tmp_path / "os-release").write_text(release)
    assert command in how_to_install(tmp_path / "os-release")
    assert "JAVA_HOME" in how_to_install(tmp_path / "missing")
