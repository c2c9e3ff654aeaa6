"""What people ask for by hand: runs, of which jobs, with which parameters, and their end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.installed import Installed
from tests.support.live import LiveDaemon

CONFIG = """\
name: asked
jobs:
  - name: ingest
    entrypoint: say.py
    on_deploy: wait
    params: {depth: {type: int, default: 3}, source: {}}
  - {name: train, entrypoint: say.py, dependencies: [ingest]}
  - {name: wide, entrypoint: sleep 600, on_deploy: wait, parallelism: 300}
"""
SCRIPT = "import os\nprint(os.environ['SKAFD_JOB'], os.environ['SKAFD_PARAMS'])\n"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveDaemon]:
    with Installed() as installed:
        folder = installed.write_project("asked", {"metis.config.yml": CONFIG, "say.py": SCRIPT})
        installed.write_project("broken", {"metis.config.yml": "jobs: 3\n"})
        installed.ok("up", folder, "--detach")
        installed.command("up", installed.projects / "broken", "--detach")
        yield LiveDaemon(installed)


def newest(live: LiveDaemon) -> str:
    return str(live.runs("asked")[-1]["run"])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [(["ingest"], {"ingest", "train"}), (["ingest", "--only"], {"ingest"}), (["train"], {"train"})],
)
def test_a_job_runs_with_what_depends_on_it_unless_it_alone_is_wanted(
    live: LiveDaemon, arguments: list[str], names: set[str]
) -> None:
    live.installed.ok("run", "asked", *arguments, "--wait")
    detail = live.client.run(newest(live))
    assert {task["name"] for task in detail["tasks"]} == names
    assert detail["summary"]["state"] == "succeeded"


def test_parameters_reach_the_job_that_declares_them(live: LiveDaemon) -> None:
    live.installed.ok("run", "asked", "ingest", "--only", "--param", "source=s3://x y", "--wait")
    assert '{"depth": 3, "source": "s3://x y"}' in live.installed.ok("logs", newest(live))
    live.installed.ok("run", "asked", "ingest", "--only", "--param", "depth=5", "--wait")
    assert '"depth": 5' in live.installed.ok("logs", newest(live))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["asked", "trian"], "did you mean train? its jobs: ingest, train, wide"),
        (["asked", "--param", "depht=3"], "did you mean depth?"),
        (["asked", "--param", "depth=deep"], "depth is of type int, which 'deep' is not"),
        (["nothing"], "known projects: asked, broken"),
        (["broken"], "broken has no live deployment"),
    ],
)
def test_what_cannot_be_run_is_refused_and_begins_nothing(live: LiveDaemon, arguments: list[str], said: str) -> None:
    before = live.runs("asked")
    done = live.installed.command("run", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert live.runs("asked") == before


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("asked/9999", "run"),
        ("asked/99999999999999999999", "no job"),
        ("asked/nobody", "no job"),
        ("nothing/1", "no project"),
    ],
)
def test_what_is_not_there_cannot_be_ended(live: LiveDaemon, target: str, said: str) -> None:
    done = live.installed.command("kill", target)
    assert done.returncode == 1
    assert said in done.stderr


def test_hundreds_of_tasks_end_at_once(live: LiveDaemon) -> None:
    """Some run, most wait for a place."""
    run = live.client.start_run("asked", "wide", only=True)["summary"]["run"]
    live.wait_for("some to run", lambda: "running" in {task["state"] for task in live.client.run(run)["tasks"]})
    killed = live.client.kill(run)["tasks"]
    assert len(killed) == 300
    live.wait_for_run(run)
    detail = live.client.run(run)
    assert detail["summary"]["state"] == "cancelled"
    assert {task["state"] for task in detail["tasks"]} == {"cancelled"}
    assert live.client.kill("asked")["tasks"] == []
