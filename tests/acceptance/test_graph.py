"""The graph through the installed command: what is asked of it, and what it says."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.installed import Installed
from tests.support.rules import states_rule

FAILING = """\
name: churn
jobs:
  - {name: ingest, entrypoint: "exit 3", on_deploy: wait}
  - {name: train, entrypoint: "true", dependencies: [ingest]}
"""


def test_why_says_one_sentence_for_a_task_a_run_a_job_and_a_project(installed: Installed) -> None:
    states_rule(
        "The sentence of a project is about its last save where that is not live, about an occurrence that was missed "
        "since its newest run, else about that run."
    )
    folder = installed.write_project("churn", {"metis.config.yml": FAILING})
    installed.ok("up", folder, "--detach")
    assert installed.ok("why", "churn") == "churn has never run: `skafd run churn` starts it\n"
    assert installed.ok("why", "churn/ingest").startswith("churn/ingest has never run")
    installed.ok("run", "churn")
    installed.wait_for_run("churn/1")
    train = "churn/1/train did not start: 'ingest' failed: exit code 3\n"
    assert installed.ok("why", "churn/1/train") == train
    assert installed.ok("why", "churn/train") == train
    assert installed.ok("why", "churn/1") == "churn/1 failed: churn/1/ingest failed: exit code 3\n"
    assert installed.ok("why", "churn") == installed.ok("why", "churn/1")
    detail = installed.show("churn/1")
    assert f"{detail['tasks'][1]['why']}\n" == train
    assert train.strip() in installed.ok("show", "churn/1")
    (folder / "metis.config.yml").write_text("name: churn\njobs: [{name: ingest, schedul: x}]\n")
    installed.wait_for("the save to be refused", lambda: "not live" in installed.ok("why", "churn"))


RETRIED = """\
name: churn
jobs:
  - name: flaky
    entrypoint: 'test "$SKAFD_ATTEMPT" = 3'
    retry: {times: 3, delay: 50ms, jitter: 50ms}
    on_deploy: wait
  - {name: bad, entrypoint: "exit 4", catch: true, on_deploy: wait}
  - {name: after, entrypoint: 'echo "failed: $SKAFD_UPSTREAM_FAILED"', dependencies: [bad, flaky]}
  - {name: clean, entrypoint: 'echo "at the end, after $SKAFD_UPSTREAM_FAILED"', always: true}
"""


def test_retries_caught_failures_and_the_job_at_the_end(installed: Installed) -> None:
    installed.ok("up", installed.write_project("churn", {"metis.config.yml": RETRIED}), "--detach")
    installed.ok("run", "churn")
    detail = installed.wait_for_run("churn/1")
    assert {task["name"]: task["state"] for task in detail["tasks"]} == {
        "flaky": "succeeded",
        "bad": "failed",
        "after": "succeeded",
        "clean": "succeeded",
    }
    assert [attempt["state"] for attempt in detail["tasks"][0]["attempts"]] == ["failed", "failed", "succeeded"]
    assert installed.ok("logs", "churn/1/after") == "failed: bad\n"
    assert installed.ok("logs", "churn/1/clean") == "at the end, after bad\n"


MENDED = """\
name: churn
jobs:
  - {name: a, entrypoint: "echo once >> $LEDGER", on_deploy: wait, env: {LEDGER: LEDGER_PATH}}
  - {name: b, entrypoint: "test -e FLAG_PATH", dependencies: [a]}
  - {name: c, entrypoint: "true", dependencies: [b]}
"""


def test_a_run_is_resumed_a_task_is_run_again_and_a_task_is_skipped(installed: Installed) -> None:
    ledger, flag = installed.root / "ledger", installed.root / "flag"
    config = MENDED.replace("LEDGER_PATH", str(ledger)).replace("FLAG_PATH", str(flag))
    installed.ok("up", installed.write_project("churn", {"metis.config.yml": config}), "--detach")
    installed.ok("run", "churn")
    assert installed.wait_for_run("churn/1")["summary"]["state"] == "failed"
    flag.touch()
    assert installed.ok("run", "--resume", "churn/1").startswith("churn/2 started")
    resumed = installed.wait_for_run("churn/2")
    assert resumed["summary"]["state"] == "succeeded"
    assert resumed["tasks"][0]["reason"] == "" and resumed["tasks"][0]["attempts"] == []
    assert ledger.read_text() == "once\n"
    assert "is left to run again" in installed.command("run", "--resume", "churn/2").stderr
    assert installed.ok("retry", "churn/1/b").startswith("churn/3 started")
    assert installed.wait_for_run("churn/3")["summary"]["state"] == "succeeded"
    flag.unlink()
    refused = installed.command("skip", "churn/1/b")
    assert refused.returncode == 1 and "only what has not begun" in refused.stderr


KILLED = """\
name: churn
jobs:
  - {name: long, entrypoint: sleep 600, on_deploy: wait}
  - {name: after, entrypoint: "true", dependencies: [long]}
  - {name: clean, entrypoint: "true", always: true}
"""


def test_killing_a_run_leaves_what_runs_at_its_end(installed: Installed) -> None:
    installed.ok("up", installed.write_project("churn", {"metis.config.yml": KILLED}), "--detach")
    installed.ok("run", "churn")
    assert installed.ok("kill", "churn/1").splitlines() == ["ending churn/1/long", "ending churn/1/after"]
    states = {task["name"]: task["state"] for task in installed.wait_for_run("churn/1")["tasks"]}
    assert states == {"long": "cancelled", "after": "cancelled", "clean": "succeeded"}


FANNED = """\
name: churn
jobs:
  - {name: list, entrypoint: 'echo "[\\"eu\\", \\"us\\", 3]" > "$SKAFD_OUTPUT"', on_deploy: wait}
  - {name: region, entrypoint: 'echo "$SKAFD_ITEM of $SKAFD_INSTANCES"', dependencies: [list], foreach: list,
     max_parallel: 2}
  - {name: file, entrypoint: 'cat "$SKAFD_ITEM"', dependencies: [list], foreach: "inbox/*.csv"}
  - {name: report, entrypoint: 'echo "$SKAFD_PARAMS"', dependencies: [region, file],
     params: {rows: {type: int, default: 3}}, when: params.rows > 2}
"""


def test_a_fan_out_over_a_published_list_and_over_files_and_a_condition(installed: Installed) -> None:
    files = {"metis.config.yml": FANNED, "inbox/a.csv": "from a\n", "data/x": "", ".gitignore": "inbox/\n"}
    installed.ok("up", installed.write_project("churn", files), "--detach")
    installed.ok("run", "churn")
    assert installed.wait_for_run("churn/1")["summary"]["state"] == "succeeded"
    assert [installed.ok("logs", f"churn/1/region[{number}]") for number in range(3)] == [
        "eu of 3\n",
        "us of 3\n",
        "3 of 3\n",
    ]
    assert installed.ok("logs", "churn/1/file[0]") == "from a\n"
    assert installed.ok("logs", "churn/1/report") == '{"rows": 3}\n'
    installed.ok("run", "churn", "--param", "rows=2", "--wait")
    assert installed.ok("why", "churn/2/report").endswith("its condition does not hold: params.rows > 2\n")


def test_a_fan_out_survives_kills_of_the_daemon(installed: Installed) -> None:
    ledger = installed.root / "ledger"
    config = f"""\
name: churn
env: {{LEDGER: {ledger}}}
jobs:
  - {{name: list, entrypoint: 'sleep 0.3; echo "[1, 2, 3, 4, 5, 6, 7, 8]" > "$SKAFD_OUTPUT"', on_deploy: wait}}
  - name: each
    entrypoint: 'sleep 0.2; echo "$SKAFD_ITEM" >> "$LEDGER"'
    dependencies: [list]
    foreach: list
    max_parallel: 3
    need: 50%
  - {{name: after, entrypoint: "true", dependencies: [each]}}
"""
    installed.ok("up", installed.write_project("churn", {"metis.config.yml": config}), "--detach")
    installed.ok("run", "churn")
    for lines in (0, 2, 5):
        installed.wait_for("some instances to end", lambda lines=lines: _count(ledger) >= lines)
        os.kill(installed.status()["daemon"]["pid"], signal.SIGKILL)
        installed.ok("up", "--detach")
    detail = installed.wait_for_run("churn/1")
    assert detail["summary"]["state"] == "succeeded"
    assert sorted(ledger.read_text().split(), key=int) == [str(number) for number in range(1, 9)]


def _count(ledger: Path) -> int:
    return len(ledger.read_text().splitlines()) if ledger.exists() else 0
