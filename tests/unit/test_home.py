"""The state folder: where it is, what is refused, and that it has one owner."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from skafd import home as home_module
from skafd.errors import AlreadyRunning, Refused
from skafd.home import Home, network_file_system

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/ada/local ext4 rw 0 0
//server/share /mnt/with\\040space cifs rw 0 0
ada@server: /mnt/remote fuse.sshfs rw 0 0
tmpfs /mnt/remote tmpfs rw 0 0
"""


@pytest.fixture(autouse=True)
def no_system_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(home_module, "SYSTEM_HOME", tmp_path / "var" / "lib" / "skafd")


def test_the_variable_comes_first(tmp_path: Path) -> None:
    environment = {"SKAFD_HOME": str(tmp_path / "here"), "XDG_STATE_HOME": str(tmp_path)}
    assert Home.default(environment).path == tmp_path / "here"


def test_the_system_services_folder_is_used_by_whoever_owns_it(tmp_path: Path) -> None:
    (tmp_path / "var" / "lib" / "skafd").mkdir(parents=True)
    assert Home.default({"XDG_STATE_HOME": "/x"}).path == tmp_path / "var" / "lib" / "skafd"


def test_else_it_is_among_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.default({"XDG_STATE_HOME": "/state"}).path == Path("/state/skafd")
    assert Home.default({}).path == tmp_path / ".local" / "state" / "skafd"
    assert Home.default({"XDG_STATE_HOME": "relative"}).path == tmp_path / ".local" / "state" / "skafd"


def test_it_is_closed_to_other_users(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.create()
    home.create()
    # Root's daemon has jobs of other users, who must come to their own things, and see nothing on the way.
    passage = 0o711 if os.geteuid() == 0 else 0o700
    for folder in (home.path, home.runs, home.environments, home.jobs):
        assert stat.S_IMODE(folder.stat().st_mode) == passage
    for folder in (home.deployments, home.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(folder.is_dir() for folder in (home.deployments, home.environments, home.runs, home.logs))
    inside = {home.database, home.lock, home.api_socket, home.supervisors_socket}
    assert {path.parent for path in inside} == {home.path}


def test_a_path_too_long_for_its_sockets_is_refused_with_a_hint(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 107))
    with pytest.raises(Refused, match="107") as caught:
        home.create()
    assert caught.value.hint == "set SKAFD_HOME to a shorter path"
    assert not home.path.exists()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/skafd", None),
        ("/home/ada/.local/state/skafd", "nfs4"),
        ("/homework", None),
        ("/home/ada/local/skafd", None),
        ("/mnt/with space/skafd", "cifs"),
        ("/mnt/remote/skafd", None),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(path: str, kind: str | None) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(home_module, "network_file_system", lambda *_: "nfs")
    with pytest.raises(Refused, match="network file system") as caught:
        Home(tmp_path / "home").create()
    assert caught.value.hint == "set SKAFD_HOME to a folder on a local disk"


_HOLD = """
import sys
from pathlib import Path
from skafd.home import Home
lock = Home(Path(sys.argv[1])).acquire_lock()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_daemon_is_refused_naming_the_first(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    command = [sys.executable, "-c", _HOLD, str(home.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"pid {first.pid}\)"):
            home.acquire_lock()
        first.kill()
    home.acquire_lock().release()


def test_the_lock_says_who_holds_it_and_can_be_given_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.acquire_lock()
    pid, start_time = home.lock.read_text().split()
    assert int(pid) == os.getpid()
    assert int(start_time) > 0
    with pytest.raises(AlreadyRunning):
        home.acquire_lock()
    first.release()
    home.acquire_lock().release()
