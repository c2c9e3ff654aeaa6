"""R7: a restart or an end of the daemon ends no job, and a job that ends meanwhile is not lost; `--jobs` ends them.

Under systemd, and with an upgrade of the package, `make vm-test` does the same.
"""

from __future__ import annotations

from pathlib import Path

from skafd.torture.ledger import processes_of
from tests.support.tortured import Tortured, scaled

RESTARTS = 3
SCRIPT = "echo began\nwhile [ ! -e $GO ]; do sleep 0.05; done\necho ended\n"


def test_jobs_outlive_restarts_and_end_when_they_are_told(tortured: Tortured) -> None:
    go = tortured.root / "go"
    jobs = "".join(f"  - {{name: {name}, entrypoint: sh it.sh, on_deploy: wait}}\n" for name in ("kept", "other"))
    tortured.deploy(tortured.write("restart", jobs, {"it.sh": SCRIPT}, f"env: {{GO: {go}}}\n"))
    run = tortured.run("restart")
    tortured.wait_for("both to run", lambda: len(tortured.supervisors()) == 2 and _states(tortured, run) == {"running"})
    before = tortured.supervisors()
    for _ in range(scaled(RESTARTS)):
        tortured.stop()
        assert tortured.supervisors() == before
        tortured.start()
        assert _states(tortured, run) == {"running"}
    tortured.stop()
    go.touch()
    tortured.wait_for("the jobs to end without a daemon", lambda: not tortured.supervisors())
    tortured.start()
    detail = tortured.ended(run)
    assert detail["summary"]["state"] == "succeeded"
    logs = {Path(task["attempts"][0]["folder"], "log").read_text() for task in detail["tasks"]}
    assert (logs, [len(task["attempts"]) for task in detail["tasks"]]) == ({"began\nended\n"}, [1, 1])

    go.unlink()
    run = tortured.run("restart")
    tortured.wait_for("both to run again", lambda: _states(tortured, run) == {"running"})
    tortured.stop(end_jobs=True)
    tortured.wait_for("every process to end", lambda: not processes_of(tortured.home.path))


def _states(tortured: Tortured, run: str) -> set[str]:
    return {task["state"] for task in tortured.client.run(run)["tasks"]}
