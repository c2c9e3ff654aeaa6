"""The Java that Spark runs on: where it is, whether it will do, and the command that installs one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LOWEST_VERSION = 17
FOLDERS = ("/usr/lib/jvm", "/usr/java", "/opt/java", "/opt/jdk", "/usr/local/java")
_TIMEOUT_SECONDS = 20
_MANAGERS = {
    "debian": "apt-get install -y openjdk-17-jre-headless",
    "ubuntu": "apt-get install -y openjdk-17-jre-headless",
    "fedora": "dnf install -y java-21-openjdk-headless",
    "rhel": "dnf install -y java-17-openjdk-headless",
    "suse": "zypper install -y java-17-openjdk-headless",
    "arch": "pacman -S --noconfirm jre17-openjdk-headless",
    "alpine": "apk add openjdk17-jre-headless",
}
_DEBIAN_WITHOUT_17 = 13


@dataclass(frozen=True, slots=True)
class Java:
    """One that was found."""

    program: Path
    version: int | None
    """The first number of its version; None where it does not say one."""
    text: str = ""
    """The whole version."""

    @property
    def is_fit(self) -> bool:
        """Spark runs on it."""
        return self.version is not None and self.version >= LOWEST_VERSION

    @property
    def home(self) -> Path:
        """What JAVA_HOME is to be."""
        return self.program.resolve().parent.parent


def find_java(environment: Mapping[str, str] = os.environ, folders: tuple[str, ...] = FOLDERS) -> Java | None:
    """The first that will do: by JAVA_HOME, on PATH, in the usual folders; None where there is none."""
    return next((java for program in _programs(environment, folders) if (java := _ask(program)).is_fit), None)


def first_java(environment: Mapping[str, str] = os.environ, folders: tuple[str, ...] = FOLDERS) -> Java | None:
    """That of `find_java`, else the first of JAVA_HOME and PATH, whatever it is."""
    found = find_java(environment, folders)
    return found or next(map(_ask, _programs(environment, ())), None)


def how_to_install(os_release: Path = Path("/etc/os-release")) -> str:
    """One command for this system, or what it has to do."""
    names, version = _system(os_release)
    command = next((_MANAGERS[name] for name in names if name in _MANAGERS), None)
    if command is None:
        return f"install a Java {LOWEST_VERSION} runtime or later, or set JAVA_HOME to one"
    if names[0] == "debian" and version >= _DEBIAN_WITHOUT_17:
        command = command.replace("17", "21")
    return command if os.geteuid() == 0 else f"sudo {command}"


def _programs(environment: Mapping[str, str], folders: tuple[str, ...]) -> Iterator[Path]:
    home = environment.get("JAVA_HOME")
    if home and Path(home, "bin", "java").is_file():
        yield Path(home, "bin", "java")
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    if on_path is not None:
        yield Path(on_path)
    for folder in folders:
        yield from sorted(Path(folder).glob("*/bin/java"))


def _ask(program: Path) -> Java:
    match = re.search(r'version "(?:1\.)?(\d+)([^"]*)"', _output(str(program), _changed_at(program)))
    return Java(program, int(match[1]), f"{match[1]}{match[2]}") if match else Java(program, None)


def _changed_at(program: Path) -> int:
    try:
        return program.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _output(program: str, _changed_at_ns: int) -> str:
    """What it says of its version, once for each state of the file: a Java takes its time to start."""
    try:
        answer = subprocess.run(
            [program, "-version"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout + answer.stderr


def _system(os_release: Path) -> tuple[list[str], int]:
    """The system's name and those that it resembles, and the number of its version."""
    try:
        lines = os_release.read_text().splitlines()
    except OSError:
        return [""], 0
    values = {name: text.strip("\"'") for name, _, text in (line.partition("=") for line in lines)}
    names = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    number = values.get("VERSION_ID", "").partition(".")[0]
    return names, int(number) if number.isdigit() else 0
