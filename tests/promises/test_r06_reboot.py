"""R6: after a restart of the machine everything that ran is `lost (machine restarted)`, is retried once if its policy
says so, and missed occurrences are noted.

The machine is restarted by ending every process at once and giving the claims another boot id.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal

from skafd.torture.ledger import processes_of
from tests.support.tortured import Tortured

JOBS = """\
  - {name: retried, entrypoint: job.sh, language: any, on_deploy: wait, retry: {times: 2}}
  - {name: given-up, entrypoint: sleep 600, on_deploy: wait}
"""
SECOND_TIME_QUICK = '#!/bin/sh\n[ "$SKAFD_ATTEMPT" = 1 ] && exec sleep 600\nexit 0\n'


def test_what_ran_is_lost_and_retried_by_its_policy(tortured: Tortured) -> None:
    jobs = JOBS.replace("job.sh", "sh job.sh")
    tortured.deploy(tortured.write("boot", jobs, {"job.sh": SECOND_TIME_QUICK}))
    run = tortured.run("boot")
    tortured.wait_for(
        "both jobs to run", lambda: [task["state"] for task in tortured.client.run(run)["tasks"]] == ["running"] * 2
    )
    supervisors = tortured.supervisors()
    tortured.kill()
    for supervisor in supervisors:
        os.kill(supervisor, signal.SIGKILL)
    while left := processes_of(tortured.home.path):
        for pid, _ in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for claim in tortured.home.runs.glob("*/*/*/*/claim"):
        values = json.loads(claim.read_text()) | {"boot_id": "00000000-0000-0000-0000-000000000000"}
        claim.write_text(json.dumps(values))

    tortured.start()
    tasks = {task["name"]: task for task in tortured.ended(run)["tasks"]}
    assert [attempt["state"] for attempt in tasks["retried"]["attempts"]] == ["lost", "succeeded"]
    assert [attempt["state"] for attempt in tasks["given-up"]["attempts"]] == ["lost"]
    assert "machine was restarted" in tasks["given-up"]["attempts"][0]["outcome"]
    # In this "reboot" the cgroups stay, which in a real one are gone with the machine.
    for claim in tortured.home.runs.glob("*/*/*/1/claim"):
        for folder in json.loads(claim.read_text())["cgroup"]["folders"].values():
            if os.path.isdir(folder):  # noqa: PTH112
                tortured.wait_for("its processes to end", lambda folder=folder: not _pids(folder))
                os.rmdir(folder)  # noqa: PTH106


def _pids(folder: str) -> str:
    with open(f"{folder}/cgroup.procs") as stream:  # noqa: PTH123
        return stream.read()
