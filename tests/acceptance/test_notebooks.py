"""Notebooks as jobs: parameters, failures, limits, and what is kept of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.support.installed import Installed
from tests.support.live import LiveDaemon
from tests.support.notebooks import notebook
from tests.support.users import give_folder, needs_users, open_passage, unused_uids

CONFIG = """\
name: lab
jobs:
  - name: report
    entrypoint: charts/report.ipynb | check.py
    params: {epochs: {type: int, default: 1}, region: eu}
    on_deploy: wait
  - name: fails
    entrypoint: fails.ipynb
    on_deploy: wait
  - name: leaves
    entrypoint: leaves.ipynb
    on_deploy: wait
  - name: hangs
    entrypoint: hangs.ipynb
    timeout: 20s
    on_deploy: wait
  - name: grows
    entrypoint: grows.ipynb
    resources: {limits: {memory: 300Mi}}
    on_deploy: wait
"""
FILES = {
    "metis.config.yml": CONFIG,
    "charts/helper.py": "text = 'beside the notebook'\n",
    "charts/report.ipynb": notebook(
        "epochs = 0",
        "import helper, os\nprint(f'{epochs + 1} epochs in {region}, {helper.text}, {os.path.exists(\"check.py\")}')",
        "open('done.txt', 'w').write('yes')",
        parameters=0,
    ),
    "check.py": "print('then', open('done.txt').read())\n",
    "fails.ipynb": notebook("before = 'was kept'", "print(before)", "[][before]", "print('never')"),
    "leaves.ipynb": notebook("import sys", "sys.exit(7)"),
    "hangs.ipynb": notebook("print('begun', flush=True)", "import time; time.sleep(1000)"),
    "grows.ipynb": notebook("kept = []", "while True: kept.append(b'x' * 2**24)"),
}


def run(installed: Installed, job: str, *more: str) -> tuple[str, dict[str, object], str]:
    """Starts a job alone; returns its run, how its attempt ended, and its log."""
    installed.command("run", "lab", job, "--only", "--wait", *more)
    newest = installed.json("runs", "lab")[0]["run"]
    [task] = installed.show(newest)["tasks"]
    return newest, task, installed.ok("logs", newest)


@pytest.fixture(scope="module")
def lab() -> Iterator[Installed]:
    with Installed() as installed:
        installed.ok("up", installed.write_project("lab", FILES), "--detach")
        yield installed


def test_parameters_are_injected_and_the_executed_notebook_is_kept(lab: Installed) -> None:
    name, task, log = run(lab, "report", "--param", "epochs=41")
    assert task["state"] == "succeeded"
    assert "42 epochs in eu, beside the notebook, True\n" in log
    assert "then yes" in log
    assert lab.ok("notebook", f"{name}/report").strip() == f"lab-{name.partition('/')[2]}-report.html"
    page = lab.ok("notebook", "lab/report", "-o", "-")
    assert page.lower().startswith("<!doctype html>")
    assert "42 epochs in eu" in page
    cells = json.loads(lab.ok("notebook", "lab/report", "--ipynb", "-o", "-"))["cells"]
    assert "epochs = 41" in "".join("".join(cell["source"]) for cell in cells)


def test_a_cell_that_fails_is_shown_and_what_was_done_is_kept(lab: Installed) -> None:
    name, task, log = run(lab, "fails")
    assert (task["state"], task["attempts"][-1]["exit_code"]) == ("failed", 1)
    assert "fails.ipynb: In [3] failed with TypeError" in log
    assert "[][before]" in log
    assert "never" not in log
    page = lab.ok("notebook", f"{name}/fails", "-o", "-")
    assert "was kept" in page
    assert "TypeError" in page


def test_a_notebook_ends_with_the_exit_code_that_it_asks_for(lab: Installed) -> None:
    _, task, log = run(lab, "leaves")
    assert task["attempts"][-1]["exit_code"] == 7
    assert "called sys.exit(7)" in log


def test_a_timeout_ends_the_kernel_too(lab: Installed) -> None:
    name, task, log = run(lab, "hangs")
    assert task["state"] == "timed_out"
    assert "begun" in log
    assert "begun" in lab.ok("notebook", f"{name}/hangs", "-o", "-")


def test_after_a_death_while_a_layer_is_made_the_next_save_works(installed: Installed) -> None:
    live = LiveDaemon(installed)
    config = "name: small\njobs:\n  - {name: report, entrypoint: report.ipynb}\n"
    folder = installed.write_project("small", {"metis.config.yml": config, "report.ipynb": notebook("print('it ran')")})
    # The second one to be declared whole, after the project's own: papermill.
    installed.dies_deploying(folder, "environment.declare.before:2")
    installed.ok("up", folder)
    assert live.wait_for_run("small/1")["summary"]["state"] == "succeeded"
    assert "it ran" in installed.ok("logs", "small/1")


@pytest.mark.parametrize("isolation", ["normal", "strict"])
@pytest.mark.needs_root
@needs_users
def test_another_users_notebook_is_executed_with_that_users_rights(installed: Installed, isolation: str) -> None:
    if isolation == "strict" and shutil.which("bwrap") is None:
        pytest.skip("STRICT ISOLATION IS NOT TESTED HERE: install bubblewrap, or run the tests as root")
    open_passage(installed.root)
    (ada,) = unused_uids(1)
    config = f"name: hers\nisolation: {isolation}\njobs:\n"
    config += "  - {name: report, entrypoint: report.ipynb, params: {n: {type: int, default: 1}}, on_deploy: wait}\n"
    files = {"metis.config.yml": config, "report.ipynb": notebook("import os\nprint(os.getuid(), n + 1)")}
    folder = installed.write_project("hers", files)
    give_folder(folder, ada)
    installed.ok("up", folder, "--detach")
    done = installed.command("run", "hers", "--wait", "--param", "n=41")
    log = installed.ok("logs", "hers")
    assert done.returncode == 0, log
    assert f"{ada} 42\n" in log
    assert "42" in installed.ok("notebook", "hers/report", "-o", "-")


@pytest.mark.needs_root
def test_a_kernel_that_takes_too_much_memory_is_called_out_of_memory(lab: Installed) -> None:
    name, task, _ = run(lab, "grows")
    assert task["state"] == "oom_killed"
    assert "kept = []" in lab.ok("notebook", f"{name}/grows", "--ipynb", "-o", "-")
