"""One machine for all checks, with the wheel of this checkout; the service is that of the machine, then a user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm.image import ROOT, build_payload, find_or_build
from tests.vm.machine import Machine
from tests.vm.service import Service


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A booted machine in which `/opt/skafd/bin/skafd` is installed."""
    image = find_or_build()
    # Short: the path of a unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="skafd-vm-", dir="/tmp"))
    build_payload(folder / "payload.img", [_build_wheel(folder)])
    seed = int(os.environ.get("SEED", "20181231"))
    print(f"\nthe machine's console is in {folder}/console.log; SEED={seed}")
    with Machine(image, folder / "payload.img", folder, seed) as booted:
        booted.shell("/opt/skafd/bin/pip install --quiet --no-index --no-deps /payload/skafd-*.whl")
        booted.ok("ln", "-s", "/opt/skafd/bin/skafd", "/usr/local/bin/skafd")
        yield booted
    shutil.rmtree(folder)


@pytest.fixture(scope="session", params=["system", "user"])
def service(machine: Machine, request: pytest.FixtureRequest) -> Iterator[Service]:
    """The installed service, up: first the machine's, then that of an ordinary user."""
    installed = Service(machine, is_users=request.param == "user")
    installed.install()
    yield installed
    installed.uninstall()


def _build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, f"--wheel-dir={folder}", str(ROOT)], check=True)
    (wheel,) = folder.glob("skafd-*.whl")
    return wheel
