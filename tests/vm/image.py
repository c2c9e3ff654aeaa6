"""Builds the Debian image that the machine tests boot, once: it is kept by the hash of its recipe."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "bookworm"
GLIBC_MINOR = 36
"""Of that release: 2.36."""
PACKAGES = (
    *("systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "linux-image-cloud-amd64"),
    *("python3", "python3-venv", "udev", "kmod", "iproute2", "procps"),
)
DISK_BYTES = 3 * 2**30
WORKER_ID = 1000

FSTAB = """\
/dev/vda / ext4 errors=remount-ro 0 1
/dev/vdb /payload ext4 ro 0 0
"""
AGENT_UNIT = """\
[Unit]
Description=Does what the host of the machine test asks for
RequiresMountsFor=/payload

[Service]
ExecStart=/usr/bin/python3 -u /payload/agent.py
Restart=always

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel, its initial memory disk and the root file system; never written to."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"


def cache_folder() -> Path:
    """Where images are kept: `$SKAFD_VM_CACHE`, else in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SKAFD_VM_CACHE") or Path(cache, "skafd-vm"))


def find_or_build() -> Image:
    """The image of the present recipe; building it takes some minutes and needs root and the network."""
    image = Image(cache_folder() / _key())
    if not image.folder.exists():
        print(f"building the machine's image in {image.folder}", flush=True)
        making = image.folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _build(making)
        making.rename(image.folder)
    return image


def build_payload(target: Path, wheels: Sequence[Path]) -> None:
    """Makes the disk that brings the wheels under test and the agent into the machine."""
    folder = target.with_suffix(".d")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for source in (*wheels, *Path(__file__).parent.glob("guest/*.py")):
        shutil.copy(source, folder)
    _make_file_system(folder, target, 64 * 2**20)


def _key() -> str:
    recipe = (Path(__file__).read_text(), _lock(), *_requirements())
    return hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:12]


def _requirements() -> list[str]:
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])


def _lock() -> str:
    """The part of the lock that skafd itself needs, without its extras and without what only its tests need."""
    needed = _needed(_requirements())
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text())
    return "\n".join(entry for entry in entries if canonicalize_name(entry.partition("==")[0]) in needed)


def _needed(requirements: Sequence[str]) -> set[str]:
    """The names of these requirements and of all that they require, as installed here."""
    found: set[tuple[str, frozenset[str]]] = set()
    wanted = [one for text in requirements if _holds(one := Requirement(text), "")]
    while wanted:
        requirement = wanted.pop()
        # What was needed without extras may be needed with some later.
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        further = [Requirement(text) for text in metadata.requires(name) or ()]
        wanted += [one for one in further if any(_holds(one, extra) for extra in ("", *extras))]
    return {name for name, _ in found}


def _holds(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _build(folder: Path) -> None:
    root = folder / "root"
    _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", RELEASE, root)
    (root / "etc/fstab").write_text(FSTAB)
    (root / "etc/hostname").write_text("skafd-vm\n")
    (root / "payload").mkdir()
    (root / "etc/systemd/system/skafd-agent.service").write_text(AGENT_UNIT)
    _run("chroot", root, "systemctl", "enable", "skafd-agent.service")
    _run("chroot", root, "systemctl", "mask", "e2scrub_reap.service", "apt-daily.timer", "apt-daily-upgrade.timer")
    _run("chroot", root, "useradd", "--create-home", "--uid", str(WORKER_ID), "--shell", "/bin/bash", "worker")
    _install_dependencies(root)
    _run("chroot", root, "apt-get", "clean")
    for name, kept in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        (found,) = (root / "boot").glob(kept)
        shutil.copy(found, folder / name)
    _make_file_system(root, folder / "disk.img", DISK_BYTES)
    shutil.rmtree(root)


def _install_dependencies(root: Path) -> None:
    """What skafd needs, downloaded here with the locked hashes and installed there without a network."""
    wheels = root / "wheels"
    # pip takes these literally: a wheel for an older C library is only found when that one is named too.
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in range(17, GLIBC_MINOR + 1)]
    binary = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux2014_x86_64", *platforms)
    lock = root.with_name("requirements.lock")
    lock.write_text(_lock())
    download = (ROOT / ".venv/bin/python", "-m", "pip", "--quiet", "download", "--no-deps", "--require-hashes")
    _run(*download, *binary, f"--requirement={lock}", f"--dest={wheels}")
    _run("chroot", root, "python3", "-m", "venv", "/opt/skafd")
    offline = ("--quiet", "--no-index", "--find-links=/wheels")
    _run("chroot", root, "/opt/skafd/bin/pip", "install", *offline, *_requirements())
    shutil.rmtree(wheels)


def _make_file_system(folder: Path, target: Path, size_bytes: int) -> None:
    with target.open("wb") as stream:
        stream.truncate(size_bytes)
    _run("mkfs.ext4", "-q", "-F", "-d", folder, target)


def _run(*command: str | Path) -> None:
    # What is set for the host's own pip (folders with wheels, for one) does not hold in the machine.
    inside = command[0] == "chroot"
    environment = {name: value for name, value in os.environ.items() if not (inside and name.startswith("PIP_"))}
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}\n{done.stdout[-4000:]}")
