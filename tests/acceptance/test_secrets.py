"""Secrets reach the job and nobody else: not the log, not a process list, not a file but the database."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.support.installed import Installed
from tests.support.live import LiveDaemon

SECRET = "hunter2-correct-horse"
CONFIG = "name: vault\njobs:\n  - {name: it, entrypoint: it.py, on_deploy: wait}\n"
SCRIPT = """\
import os, sys, time
value = os.environ.get("API_KEY", "(unset)")
print("length", len(value))
print("plain", value, "twice", value + value)
for character in f"slowly {value}\\n":
    sys.stdout.write(character)
    sys.stdout.flush()
print("to stderr", value, file=sys.stderr)
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.02)
"""


@pytest.fixture
def vault(installed: Installed) -> LiveDaemon:
    config = f"env: {{GATE: {installed.root}/gate}}\n{CONFIG}"
    folder = installed.write_project("vault", {"metis.config.yml": config, "it.py": SCRIPT})
    installed.ok("up", folder, "--detach")
    return LiveDaemon(installed)


def files_with(folder: Path, text: str) -> list[str]:
    """The files below a folder in which the text is; the database is where it belongs."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("skafd.db"):
            found += [str(path)] if text.encode() in path.read_bytes() else []
    return found


def own_processes(installed: Installed) -> list[psutil.Process]:
    """The daemon, the launcher, supervisors and jobs."""
    daemon = psutil.Process(installed.status()["daemon"]["pid"])
    claims = [psutil.Process(pid) for pid in _supervisors(installed)]
    jobs = [child for supervisor in claims for child in supervisor.children(recursive=True)]
    return [daemon, *daemon.children(recursive=True), *claims, *jobs]


def _supervisors(installed: Installed) -> list[int]:
    return [process.pid for process in psutil.process_iter() if _supervises(process, installed)]


def _supervises(process: psutil.Process, installed: Installed) -> bool:
    try:
        return process.name() == "skafd-attempt" and any(
            str(installed.home) in file.path for file in process.open_files()
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def test_a_secret_reaches_the_job_and_nobody_else(vault: LiveDaemon) -> None:
    installed = vault.installed
    assert "API_KEY" in installed.ok("env", "vault", "API_KEY", "--set", SECRET)
    assert installed.ok("env", "vault") == "API_KEY=***\n"
    assert installed.ok("env", "vault", "--show") == f"API_KEY={SECRET}\n"
    assert SECRET not in installed.ok("env", "vault", "--json")

    installed.ok("run", "vault")
    installed.wait_for("the job to print", lambda: b"to stderr" in b"".join(vault.client.logs("vault/1")))
    processes = own_processes(installed)
    assert len(processes) >= 4
    for process in processes:
        assert SECRET not in " ".join(process.cmdline()), process
    for process in processes:
        if process.name() == "skafd-attempt" or process.pid == installed.status()["daemon"]["pid"]:
            assert SECRET not in "".join(process.environ().values()), process
    assert files_with(installed.home, SECRET) == []

    (installed.root / "gate").touch()
    assert installed.wait_for_run("vault/1")["summary"]["state"] == "succeeded"
    log = installed.ok("logs", "vault/1")
    assert f"length {len(SECRET)}" in log
    assert "plain *** twice *" in log
    assert "slowly ***" in log
    assert "to stderr ***" in log
    assert SECRET not in log
    assert SECRET not in installed.ok("show", "vault/1") + installed.ok("show", "vault/1", "--json")
    assert SECRET not in installed.ok("status", "--json")
    assert files_with(installed.home, SECRET) == []


def test_a_changed_secret_is_seen_by_what_starts_from_then_on(vault: LiveDaemon) -> None:
    installed = vault.installed
    (installed.root / "gate").touch()
    for number, value in enumerate(("first-value-1", "a-longer-second-value"), start=1):
        installed.ok("env", "vault", "API_KEY", "--set", value)
        installed.ok("run", "vault", "--wait")
        assert f"length {len(value)}\n" in installed.ok("logs", f"vault/{number}")


def test_a_deleted_secret_is_gone(vault: LiveDaemon) -> None:
    installed = vault.installed
    (installed.root / "gate").touch()
    installed.ok("env", "vault", "API_KEY", "--set", SECRET)
    assert "deleted API_KEY" in installed.ok("env", "vault", "API_KEY", "--delete")
    assert installed.ok("env", "vault") == ""
    installed.ok("run", "vault", "--wait")
    assert "plain (unset)" in installed.ok("logs", "vault/1")
    again = installed.command("env", "vault", "API_KEY", "--delete")
    assert again.returncode == 1
    assert "no variable API_KEY" in again.stderr


def test_a_secret_survives_a_restart_and_a_new_version(vault: LiveDaemon) -> None:
    installed = vault.installed
    (installed.root / "gate").touch()
    installed.ok("env", "vault", "API_KEY", "--set", SECRET)
    installed.ok("down")
    installed.ok("up", "--detach")
    installed.write_project("vault", {"it.py": SCRIPT + "print('new')\n"})
    vault.wait_until_live("vault", "it.py", SCRIPT + "print('new')\n")
    installed.ok("run", "vault", "--wait")
    assert f"length {len(SECRET)}\n" in installed.ok("logs", "vault/1")
