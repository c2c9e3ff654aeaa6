"""Pools, priorities, GPUs, timeouts of runs and overlap, through the installed command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.installed import Installed
from tests.support.live import LiveDaemon

POOLED = """\
name: pooled
pools: {db: 1}
jobs:
  - {name: holder, entrypoint: 'until [ -e "$GO" ]; do sleep 0.05; done', pool: db, on_deploy: wait}
  - {name: low, entrypoint: 'true', pool: db, on_deploy: wait}
  - {name: high, entrypoint: 'true', pool: db, priority: 10, on_deploy: wait}
"""
HASTY = """\
name: hasty
timeout: 1s
jobs:
  - {name: slow, entrypoint: sleep 600, on_deploy: wait}
  - {name: after, entrypoint: 'true', dependencies: [slow]}
  - {name: report, entrypoint: 'echo "it ends"', always: true}
"""
GPUS = """\
name: gpus
jobs:
  - {name: train, entrypoint: 'echo $CUDA_VISIBLE_DEVICES; touch $0.$SKAFD_INSTANCE; sleep 1', parallelism: 2,
     on_deploy: wait, resources: {limits: {gpu: 1}}}
  - {name: greedy, entrypoint: 'echo $CUDA_VISIBLE_DEVICES', dependencies: [train], resources: {limits: {gpu: 2}}}
"""
NEEDED = """\
name: needed
jobs:
  - {name: some, entrypoint: 'exit $((SKAFD_ITEM > 4))', foreach: {range: [1, 6]}, need: 80%, max_parallel: 2,
     on_deploy: wait}
  - {name: after, entrypoint: 'true', dependencies: [some]}
"""


def task(run: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(one) for one in run["tasks"] if one["name"] == name)


def test_a_place_in_a_pool_goes_to_who_has_priority(installed: Installed) -> None:
    go = installed.root / "go"
    text = POOLED.replace("pools:", f"env: {{GO: {go}}}\npools:")
    live = LiveDaemon(installed)
    live.up(installed.write_project("pooled", {"metis.config.yml": text}))
    installed.ok("run", "pooled", "holder")
    live.wait_for("the holder", lambda: live.client.run("pooled/1")["summary"]["state"] == "running")
    for job in ("low", "high"):
        installed.ok("run", "pooled", job)
    why = installed.ok("why", "pooled/2/low")
    assert "waits for a place in pool 'db', 1 of 1 taken" in why
    go.touch()
    low, high = live.wait_for_run("pooled/2"), live.wait_for_run("pooled/3")
    started = [task(run, name)["attempts"][0]["started_at"] for run, name in ((high, "high"), (low, "low"))]
    assert started == sorted(started), "the one with priority first"


def test_a_run_that_takes_too_long_is_ended_and_what_runs_at_the_end_runs(installed: Installed) -> None:
    live = LiveDaemon(installed)
    live.up(installed.write_project("hasty", {"metis.config.yml": HASTY}))
    installed.ok("run", "hasty")
    run = live.wait_for_run("hasty/1")
    assert run["summary"]["state"] == "failed"
    assert {one["name"]: one["state"] for one in run["tasks"]} == {
        "slow": "cancelled",
        "after": "cancelled",
        "report": "succeeded",
    }
    assert "took longer than its timeout of 1.0s" in installed.ok("why", "hasty/1/slow")


def test_each_job_gets_gpus_of_its_own(installed: Installed) -> None:
    tools = installed.root / "tools"
    tools.mkdir()
    tool = tools / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: made up (UUID: GPU-0)'\necho 'GPU 1: made up (UUID: GPU-1)'\n")
    tool.chmod(0o755)
    installed.environment["PATH"] = f"{tools}:{installed.environment['PATH']}"
    live = LiveDaemon(installed)
    live.up(installed.write_project("gpus", {"metis.config.yml": GPUS}))
    installed.ok("run", "gpus")
    assert live.wait_for_run("gpus/1")["summary"]["state"] == "succeeded"
    seen = [installed.ok("logs", f"gpus/1/train[{number}]").strip() for number in range(2)]
    assert sorted(seen) == ["0", "1"]
    assert installed.ok("logs", "gpus/1/greedy").strip() == "0,1"


def test_a_share_of_the_instances_is_enough(installed: Installed) -> None:
    live = LiveDaemon(installed)
    live.up(installed.write_project("needed", {"metis.config.yml": NEEDED}))
    installed.ok("run", "needed")
    run = live.wait_for_run("needed/1")
    assert task(run, "after")["state"] == "succeeded"
    states = [one["state"] for one in run["tasks"] if one["name"] == "some"]
    assert sorted(states) == ["failed"] + ["succeeded"] * 4


def test_overlap_skips_or_cancels(installed: Installed) -> None:
    config = """\
name: {name}
jobs:
  - {{name: tick, entrypoint: sleep 600, schedule: {{cron: every 1 second, overlap: {overlap}}}}}
"""
    live = LiveDaemon(installed)
    for overlap in ("skip", "cancel"):
        text = config.format(name=overlap, overlap=overlap)
        live.up(installed.write_project(overlap, {"metis.config.yml": text}))
    live.wait_for("cancelled runs", lambda: [run["state"] for run in live.runs("cancel")][:1] == ["cancelled"])
    live.wait_for("a missed one", lambda: live.client.schedule("skip")["missed"])
    assert {one["cause"] for one in live.client.schedule("skip")["missed"]} == {
        "overlap: 'tick' of run 1 has not ended"
    }
    assert len(live.runs("skip")) == 1
    for project in ("skip", "cancel"):
        installed.ok("pause", project)


def test_an_expression_is_explained_where_the_clock_changes(installed: Installed) -> None:
    found = installed.json("schedule", "explain", "30 2 * * *", "--tz", "Europe/Berlin", "-n", "400")
    changes = {one["change"]: one for one in found["times"] if one["change"]}
    assert set(changes) == {"gap", "fold"}
    assert Path(installed.home / "skafd.db").exists() is False, "it needs no daemon"
    refused = installed.command("schedule", "explain", "every wednsday at 6pm")
    assert refused.returncode == 1
    assert "wednesday" in refused.stderr
