"""Root's daemon with projects of two users: the jobs of one can do nothing to skafd, nor to the jobs of the other."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.support.installed import Installed
from tests.support.users import give_folder, needs_users, open_passage, python_for_all, unused_uids

pytestmark = [pytest.mark.needs_root, needs_users]

SPY = """\
import json, os, socket
found = []
def attempt(what, action):
    try:
        action()
        found.append(what)
    except OSError:
        pass
targets = json.load(open('targets.json'))
for path in targets['paths']:
    attempt('read ' + path, lambda: open(path, 'rb').close())
    attempt('write ' + path, lambda: open(path, 'r+b').close())
    attempt('list ' + path, lambda: os.listdir(path))
    attempt('make ' + path, lambda: os.mkdir(path + '/made'))
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        attempt('connect ' + path, lambda: socket.socket(socket.AF_UNIX, kind).connect(path))
for name in ('environ', 'mem', 'cwd/secret.txt', 'fd/1'):
    attempt('victim ' + name, lambda: open('/proc/%s/%s' % (targets['pid'], name), 'rb').close())
attempt('kill the victim', lambda: os.kill(targets['pid'], 0))
print(json.dumps({'uid': os.getuid(), 'home': os.environ['HOME'], 'found': found}))
"""


def _deploy(installed: Installed, name: str, uid: int, command: str, files: dict[str, str]) -> Path:
    jobs = f"  - {{name: it, entrypoint: '{command}', language: any, on_deploy: wait}}\n"
    folder = installed.write_project(name, {"metis.config.yml": f"name: {name}\njobs:\n{jobs}", **files})
    give_folder(folder, uid)
    installed.ok("up", folder, "--detach")
    return folder


def test_a_users_job_reaches_nothing_of_skafds_nor_of_other_users(installed: Installed) -> None:
    open_passage(installed.root)
    alice, bob = unused_uids(2)
    _deploy(installed, "victim", alice, "echo $$ > pid; exec sleep 600", {"secret.txt": "hers"})
    installed.ok("run", "victim")
    pid_file = installed.home / "runs" / "victim" / "1" / "it.0" / "1" / "work" / "pid"
    pid = int(installed.wait_for("the victim", lambda: pid_file.exists() and pid_file.read_text()))
    assert psutil.Process(pid).uids().real == alice
    targets = {"pid": pid, "paths": [str(path) for path in (installed.home, *installed.home.rglob("*"))]}
    _deploy(
        installed, "spy", bob, f"{python_for_all()} -I -S spy.py", {"spy.py": SPY, "targets.json": json.dumps(targets)}
    )
    installed.command("run", "spy", "--wait")
    said = json.loads(installed.ok("logs", "spy"))
    assert said["uid"] == bob
    assert said["home"].endswith("/runs/spy/1/it.0/1/work")
    # Environments are shared by all who ask for the same, the SDK by all. Who listens to jobs asks for their token.
    shared = [f"{installed.home / name}/" for name in ("environments", "jobs")]
    allowed = tuple(f"{verb} {folder}" for folder in shared for verb in ("read", "list"))
    sockets = tuple(f"connect {path}" for path in (installed.home / "jobs").iterdir() if path.is_socket())
    reached = [what for what in said["found"] if not what.startswith(allowed) and what not in sockets]
    assert reached == []
    assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    installed.ok("kill", "victim/1")
    assert installed.wait_for_run("victim/1")["summary"]["state"] == "cancelled"


def test_what_a_users_job_publishes_and_writes_arrives(installed: Installed) -> None:
    open_passage(installed.root)
    (ada,) = unused_uids(1)
    jobs = """\
  - {name: list, entrypoint: 'echo "[1, 2]" > $SKAFD_OUTPUT; id -u > data/uid', language: any, on_deploy: wait}
  - {name: each, entrypoint: 'echo got $SKAFD_ITEM', language: any, dependencies: [list], foreach: {output: list}}
"""
    files = {"metis.config.yml": f"name: ada\njobs:\n{jobs}", ".gitignore": "data/\n", "data/README": ""}
    folder = installed.write_project("ada", files)
    give_folder(folder, ada)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "ada", "--wait")
    assert (folder / "data" / "uid").read_text() == f"{ada}\n"
    assert (folder / "data" / "uid").stat().st_uid == ada
    assert "got 2" in installed.ok("logs", "ada/1/each[1]")


def test_a_link_to_what_a_user_may_not_read_gets_nothing_of_it(installed: Installed) -> None:
    open_passage(installed.root)
    (eve,) = unused_uids(1)
    closed = installed.root / "closed"
    closed.mkdir(mode=0o700)
    (closed / "key").write_text("root's")
    jobs = """\
  - {name: keep, entrypoint: 'echo hers > own', language: any, on_deploy: wait, outputs: [data/key, own]}
  - {name: each, entrypoint: 'echo $SKAFD_ITEM', language: any, dependencies: [keep], foreach: {glob: '*/key'}}
"""
    folder = installed.write_project("eve", {"metis.config.yml": f"name: eve\njobs:\n{jobs}", ".gitignore": "data\n"})
    (folder / "data").symlink_to(closed)
    give_folder(folder, eve)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "eve", "--wait")
    assert "skafd: outputs: no file fits 'data/key'" in installed.ok("logs", "eve/1/keep")
    contents = [path.read_text() for path in (installed.home / "artifacts").rglob("*") if path.is_file()]
    assert contents == ["hers\n"]
    said = installed.command("logs", "eve/1/each")
    assert "data/key" not in said.stdout + said.stderr


def test_a_users_jobs_run_as_that_user_while_the_folder_is_gone(installed: Installed) -> None:
    open_passage(installed.root)
    alice, bob = unused_uids(2)
    folder = _deploy(installed, "away", alice, "id -u", {})
    folder.rename(installed.root / "elsewhere")
    installed.ok("run", "away", "--wait")
    assert installed.ok("logs", "away/1") == f"{alice}\n"
    # It survives a restart; and whoever has the folder when it is back counts again.
    installed.ok("down")
    installed.command("up", "--detach")
    installed.ok("run", "away", "--wait")
    assert installed.ok("logs", "away/2") == f"{alice}\n"
    (installed.root / "elsewhere").rename(folder)
    give_folder(folder, bob)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "away", "--wait")
    assert installed.ok("logs", "away/3") == f"{bob}\n"
    folder.rename(installed.root / "elsewhere")
    installed.ok("run", "away", "--wait")
    assert installed.ok("logs", "away/4") == f"{bob}\n"


def test_a_project_that_may_not_run_so_is_refused_with_what_to_write(installed: Installed) -> None:
    open_passage(installed.root)
    text = "name: bold\nrun_as: root\njobs:\n  - {name: it, entrypoint: 'true', language: any}\n"
    folder = installed.write_project("bold", {"metis.config.yml": text})
    give_folder(folder, *unused_uids(1))
    done = installed.command("up", folder, "--detach")
    assert done.returncode != 0
    assert "`run_as: root`, and" in done.stdout + done.stderr
    assert "chown -R root:" in done.stdout + done.stderr


def test_a_daemon_that_is_a_service_runs_nothing_as_root_unasked(installed: Installed) -> None:
    installed.environment["SKAFD_ROOT_JOBS"] = "declared"
    text = "name: quiet\njobs:\n  - {name: it, entrypoint: 'id -u', language: any}\n"
    folder = installed.write_project("quiet", {"metis.config.yml": text})
    done = installed.command("up", folder, "--detach")
    assert done.returncode != 0
    assert "write `run_as: root` into its config" in done.stdout + done.stderr
    (folder / "metis.config.yml").write_text(f"run_as: root\n{text}")
    installed.wait_for("the deployment", lambda: installed.project("quiet")["deployment"])
    assert installed.wait_for_run("quiet/1")["summary"]["state"] == "succeeded"
    assert installed.ok("logs", "quiet") == "0\n"


def test_what_has_to_be_built_is_built_as_the_owner_and_for_the_owner_alone(installed: Installed) -> None:
    open_passage(installed.root)
    alice, bob = unused_uids(2)
    marks = installed.root / "marks"
    marks.mkdir()
    marks.chmod(0o777)
    environments = []
    for name, uid in (("sly", alice), ("shy", bob)):
        folder = installed.write_project(name, _builds_itself(name, marks))
        give_folder(folder, uid)
        installed.ok("up", folder, "--detach")
        installed.ok("run", name, "--wait")
        assert installed.ok("logs", name) == f"built for {uid}\n"
        # Whoever wrote there while it was built was the owner, and nobody could gain root's rights.
        assert {path.stat().st_uid for path in marks.glob(f"{name}-*")} == {uid}
        environments.append({path.name for path in (installed.home / "environments").iterdir()})
    added = environments[1] - environments[0]
    assert len([key for key in added if not key.startswith(".")]) == 1
    for path in (installed.home / "environments").glob("*/skafd-ready"):
        assert (path.stat().st_uid, path.parent.stat().st_uid) == (0, 0)


def test_a_users_editable_code_is_installed_and_a_change_of_it_makes_another_environment(installed: Installed) -> None:
    open_passage(installed.root)
    (ada,) = unused_uids(1)
    files = _builds_itself("ada", installed.root / "nowhere") | {"requirements.txt": "-e ./package\n"}
    folder = installed.write_project("ada", files)
    give_folder(folder, ada)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "ada", "--wait")
    (folder / "package" / "built.py").write_text("def words(): return 'changed'\n")
    installed.ok("up", folder, "--detach")
    installed.ok("run", "ada", "--wait")
    assert installed.ok("logs", "ada") == "changed\n"


def test_root_runs_and_reads_nothing_that_a_users_config_names(installed: Installed) -> None:
    open_passage(installed.root)
    (eve,) = unused_uids(1)
    mark = installed.root / "was-root"
    evil = installed.root / "evil"
    evil.write_text(f'#!/bin/sh\ntouch {mark}\nexec {python_for_all()} "$@"\n')
    evil.chmod(0o755)
    secret = installed.root / "secret.txt"
    secret.write_text("password=hunter2\n")
    secret.chmod(0o600)
    config = "name: eve\njobs:\n  - {name: it, entrypoint: it.py, on_deploy: wait}\n"
    for more, requirements, said in (
        (f"python: {evil}\n", "", "is no version"),
        ("", f"-r {secret}\n", "is outside the project"),
    ):
        files = {"metis.config.yml": more + config, "it.py": "", "requirements.txt": requirements}
        folder = installed.write_project("eve", files)
        give_folder(folder, eve)
        done = installed.command("up", folder, "--detach")
        assert done.returncode != 0
        assert said in done.stdout + done.stderr
        assert "hunter2" not in done.stdout + done.stderr
    assert not mark.exists()


def _builds_itself(name: str, marks: Path) -> dict[str, str]:
    """A project with a package whose building says who built it; it takes no tool that would have to be there."""
    backend = f"""\
import os, pathlib, zipfile
def build_wheel(folder, settings=None, metadata=None, is_editable=False):
    if os.path.isdir({str(marks)!r}):
        pathlib.Path({str(marks)!r}, "{name}-%d" % os.getpid()).touch()
    here = os.getcwd()
    words = "def words(): return 'built for %d'\\n" % os.getuid()
    wheel = "built-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        archive.writestr(*(("built.pth", here) if is_editable else ("built.py", words)))
        notes = {{
            "METADATA": "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n",
            "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "RECORD": "",
        }}
        for name, text in notes.items():
            archive.writestr("built-1.0.dist-info/" + name, text)
    return wheel
def build_editable(folder, settings=None, metadata=None):
    return build_wheel(folder, is_editable=True)
"""
    return {
        "metis.config.yml": f"name: {name}\njobs:\n  - {{name: it, entrypoint: it.py, on_deploy: wait}}\n",
        "it.py": "import built; print(built.words())\n",
        "requirements.txt": "./package\n",
        "package/pyproject.toml": "[project]\nname = 'built'\nversion = '1.0'\n"
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "package/backend.py": backend,
        "package/built.py": "def words(): return 'as it is'\n",
    }
