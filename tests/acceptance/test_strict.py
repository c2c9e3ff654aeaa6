"""`isolation: strict`, as a user sees it: one key in the config."""

from __future__ import annotations

import shutil

import pytest

from tests.support.installed import Installed

CONFIG = """\
name: {name}
isolation: strict
jobs:
  - name: it
    entrypoint: it.py
    on_deploy: wait
"""
SCRIPT = """\
import json, os, pathlib
home = pathlib.Path(os.environ['PARENT'])
pathlib.Path('/tmp/mine').write_text('x')
pathlib.Path('data/result').write_text('done')
pathlib.Path(os.environ['SKAFD_OUTPUT']).write_text('[1]')
print(sorted(path.name for path in home.iterdir()), os.path.exists(os.environ['OTHER']))
"""


def test_a_job_sees_its_own_and_can_write_nothing_else(installed: Installed) -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("STRICT ISOLATION IS NOT TESTED HERE: install bubblewrap, or run the tests as root")
    other = installed.write_project(
        "other",
        {"metis.config.yml": "name: other\njobs:\n  - {name: it, entrypoint: it.py, on_deploy: wait}\n", "it.py": ""},
    )
    installed.ok("up", other, "--detach")
    config = CONFIG.format(name="strict") + f"    env: {{PARENT: {installed.home}, OTHER: {other}}}\n"
    files = {"metis.config.yml": config, "it.py": SCRIPT, ".gitignore": "data/\n", "data/README": ""}
    folder = installed.write_project("strict", files)
    installed.ok("up", folder, "--detach")
    done = installed.command("run", "strict", "--wait")
    said = installed.ok("logs", "strict")
    assert done.returncode == 0, said
    assert said == "['environments', 'jobs', 'runs'] False\n"
    assert (folder / "data" / "result").read_text() == "done"
    assert (installed.home / "runs/strict/1/it.0/1/output.json").read_text() == "[1]"


def test_without_bubblewrap_the_deployment_is_refused_with_what_to_install(installed: Installed) -> None:
    programs = installed.root / "programs"
    programs.mkdir()
    for name in ("sh", "git", "java"):
        if path := shutil.which(name):
            (programs / name).symlink_to(path)
    installed.environment["PATH"] = str(programs)
    folder = installed.write_project("strict", {"metis.config.yml": CONFIG.format(name="strict"), "it.py": ""})
    done = installed.command("up", folder, "--detach")
    assert done.returncode != 0
    assert "apt install bubblewrap" in done.stdout + done.stderr


def test_a_strict_job_reads_the_file_that_arrived(installed: Installed) -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("STRICT ISOLATION IS NOT TESTED HERE: install bubblewrap, or run the tests as root")
    config = """\
name: letters
isolation: strict
jobs:
  - {name: read, entrypoint: 'cat "$SKAFD_EVENT_FILE"', on: {file: inbox/*.txt, stable_for: 200ms}}
"""
    folder = installed.write_project("letters", {"metis.config.yml": config, ".gitignore": "inbox/\n"})
    (folder / "inbox").mkdir()
    installed.ok("up", folder, "--detach")
    (folder / "inbox" / "one.txt").write_text("it has arrived\n")
    installed.wait_for_run("letters/1")
    assert installed.ok("logs", "letters/1") == "it has arrived\n"
