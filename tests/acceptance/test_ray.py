"""Jobs on a real Ray cluster of two nodes, through the installed command."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from skafd.errors import NotFound
from tests.support.installed import Installed
from tests.support.ray_cluster import RayCluster, ray_cluster

# The first one starts the cluster, and once more where a port was taken meanwhile.
pytestmark = pytest.mark.timeout(900)
ENDED = {"SUCCEEDED", "FAILED", "STOPPED"}
NOISE = ("skafd: job ", "Running entrypoint for job", "Runtime env is setting up")


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster() as running:
        yield running


def write(installed: Installed, cluster: RayCluster, jobs: str, files: dict[str, str]) -> Path:
    head = f"name: away\ncompute: {{name: ray, address: '{cluster.address}'}}\njobs:\n"
    # The tests may be root's, and then so is the folder.
    run_as = "run_as: root\n" if os.geteuid() == 0 else ""
    return installed.write_project("away", {"metis.config.yml": run_as + head + jobs, **files})


def printed(installed: Installed, task: str) -> list[str]:
    """What the job itself said."""
    return [line for line in installed.ok("logs", task).splitlines() if not any(word in line for word in NOISE)]


def wait_until_it_says(installed: Installed, task: str, word: str) -> None:
    def says() -> bool:
        with suppress(NotFound):
            return word in b"".join(installed.client.logs(task)).decode().splitlines()
        return False

    installed.wait_for(f"{word} of {task}", says)


def test_a_job_here_and_then_many_on_the_cluster(installed: Installed, cluster: RayCluster) -> None:
    jobs = (
        "  - {name: list, entrypoint: list.py, compute: local, on_deploy: wait}\n"
        "  - {name: work, entrypoint: work.py, dependencies: [list], foreach: list, params: {word: hello},\n"
        "     resources: {limits: {cpu: 0.5, memory: 200Mi}}}\n"
        "  - {name: sum, entrypoint: sum.py | false, dependencies: [work], retry: 1, requirements: [six==1.16.0]}\n"
    )
    files = {
        "list.py": "import os\nopen(os.environ['SKAFD_OUTPUT'], 'w').write('[\"a\", \"b\"]')\n",
        "work.py": "import os, helper\n"
        "print(os.environ['SKAFD_PARAM_WORD'], os.environ['SKAFD_ITEM'])\n"
        "print(helper.WHERE, os.environ['PLACE'], os.path.exists('data'), 'ü' * 3)\n",
        "helper.py": "WHERE = 'beside it'\n",
        "sum.py": "import six\nprint(six.__version__, 'without an end', end='')\n",
        ".gitignore": "data/\n",
        "data/large.csv": "1,2\n",
    }
    folder = write(installed, cluster, jobs, files)
    installed.ok("up", folder, "--detach")
    installed.ok("env", "away", "PLACE", "--set", "elsewhere")
    installed.command("run", "away", "--wait")
    number = "away/1"

    tasks = {(task["name"], task["instance"]): task for task in installed.show(number)["tasks"]}
    assert {name: task["state"] for name, task in tasks.items()} == {
        ("list", 0): "succeeded",
        ("work", 0): "succeeded",
        ("work", 1): "succeeded",
        ("sum", 0): "failed",
    }
    for instance, item in enumerate("ab"):
        assert printed(installed, f"{number}/work[{instance}]")[-2:] == [
            f"hello {item}",
            "beside it *** False üüü",
        ]
    assert "data is not sent to the cluster" in installed.ok("logs", f"{number}/work[0]")
    assert len(tasks["sum", 0]["attempts"]) == 2
    assert printed(installed, f"{number}/sum")[-1] == "1.16.0 without an end"
    assert "exit code 1" in installed.ok("why", f"{number}/sum")
    (asked,) = [
        job for job in cluster.jobs().values() if is_of(job, installed) and "-work-0-1-" in job["submission_id"]
    ]
    assert (asked["status"], asked["metadata"]["skafd"]) == ("SUCCEEDED", "work")


def test_a_kill_ends_it_there(installed: Installed, cluster: RayCluster) -> None:
    folder = write(installed, cluster, "  - {name: sleep, entrypoint: sleep.py}\n", {"sleep.py": SLEEP})
    installed.ok("up", folder, "--detach")
    wait_until_it_says(installed, "away/1/sleep", "asleep")

    installed.ok("kill", "away/1", "--yes")

    installed.wait_for("its end", lambda: installed.show("away/1")["summary"]["state"] == "cancelled")
    (ended,) = [job for job in cluster.jobs().values() if is_of(job, installed)]
    assert ended["status"] == "STOPPED"


def test_the_daemon_dies_and_the_job_goes_on(installed: Installed, cluster: RayCluster) -> None:
    marks = installed.root / "marks"
    marks.mkdir()
    program = (
        "import os, time\n"
        "print('asleep', flush=True)\n"
        f"while not os.path.exists('{marks}/go'): time.sleep(0.1)\n"
        "for number in range(500): print(number)\n"
    )
    folder = write(installed, cluster, "  - {name: wait, entrypoint: wait.py}\n", {"wait.py": program})
    installed.ok("up", folder, "--detach")
    wait_until_it_says(installed, "away/1/wait", "asleep")

    os.kill(installed.status()["daemon"]["pid"], signal.SIGKILL)
    (marks / "go").touch()
    installed.ok("up", "--detach")

    installed.wait_for("its end", lambda: installed.show("away/1")["summary"]["state"] == "succeeded")
    assert printed(installed, "away/1/wait") == ["asleep", *map(str, range(500))]
    assert len([job for job in cluster.jobs().values() if is_of(job, installed)]) == 1


def test_what_a_lost_attempt_left_there_is_ended_before_the_next(installed: Installed, cluster: RayCluster) -> None:
    folder = write(installed, cluster, "  - {name: sleep, entrypoint: sleep.py, retry: 1}\n", {"sleep.py": SLEEP})
    installed.ok("up", folder, "--detach")
    wait_until_it_says(installed, "away/1/sleep", "asleep")
    claim = json.loads(next(installed.home.glob("runs/away/1/sleep.0/1/claim")).read_text())

    os.kill(claim["supervisor_pid"], signal.SIGKILL)

    installed.wait_for("the next attempt", lambda: len(installed.show("away/1")["tasks"][0]["attempts"]) == 2)
    states = sorted(job["status"] for job in cluster.jobs().values() if is_of(job, installed))
    assert "STOPPED" in states
    installed.ok("kill", "away/1", "--yes")
    installed.wait_for("its end", lambda: installed.show("away/1")["summary"]["state"] == "cancelled")
    left = [job["status"] for job in cluster.jobs().values() if is_of(job, installed)]
    assert set(left) <= ENDED


def test_the_sdk_reaches_the_daemon_from_there(installed: Installed, cluster: RayCluster) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = (
        "from skafossdk import Skafos\n"
        "ska = Skafos()\n"
        "ska.artifacts.save('model', {'a': [1, 2]})\n"
        "ska.report('auc', 0.9)\n"
        "schema = {'table_name': 't', 'options': {'primary_key': ['k'], 'order_by': []}, 'columns': {'k': 'int'}}\n"
        "ska.engine.save(schema, [{'k': 1}, {'k': 2}]).result()\n"
        "print(ska.artifacts.load('model'))\n"
    )
    folder = write(installed, cluster, "  - {name: say, entrypoint: say.py}\n", {"say.py": program})
    installed.ok("up", folder, "--detach", "--jobs-endpoint", str(port))
    installed.wait_for("its end", lambda: installed.show("away/1")["summary"]["state"] in ("succeeded", "failed"))

    assert printed(installed, "away/1/say")[-1] == "{'a': [1, 2]}"
    counted = installed.ok("data", "away", "--sql", "SELECT count(*) AS n FROM t", "--format", "json")
    assert json.loads(counted)[0]["n"] == 2


SLEEP = "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n"


def is_of(job: dict[str, Any], installed: Installed) -> bool:
    """The cluster is shared by the tests, and each has a run 1: by the mark of its home in the names it was given."""
    folders = installed.home.glob("runs/away/*/*/*")
    return any(job["submission_id"] == submission_id(folder) for folder in folders)


def submission_id(folder: Path) -> str:
    from skafd.ray.attending import submission_id as of

    return of(folder, int(folder.name))
