"""R22: what a job was told is kept, is kept once, whoever is killed meanwhile: the daemon, the job, or both."""

from __future__ import annotations

import json
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

from skafd.torture.ledger import processes_of
from tests.support.tortured import Tortured, scaled

KILLS = 3
PROGRAM = """\
from skafossdk import *
import json, os
ska = Skafos()
ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
def note(*words):
    os.write(ledger, (json.dumps(words) + "\\n").encode())
    os.fsync(ledger)
attempt = os.environ["SKAFD_ATTEMPT"]
for step in range(int(os.environ["STEPS"])):
    name = "%s.%d" % (attempt, step)
    note("artifact", name, ska.artifacts.save(name, os.urandom(1000)).sha256)
    note("model", name, ska.engine.save_model("tree", name.encode(), tags=[name]).result()["data"]["version"])
    ska.report("step." + attempt, step).result()
    note("metric", name, step)
"""


def test_every_acknowledged_write_is_there_once() -> None:
    steps, chance = scaled(25), random.Random(22)
    with Tortured() as machine:
        machine.start()
        ledger = machine.root / "ledger"
        head = f"env: {{LEDGER: {ledger}, STEPS: {steps}}}\n"
        jobs = "  - {name: say, entrypoint: say.py, on_deploy: wait, retry: {times: 100}}\n"
        machine.deploy(machine.write("kept", jobs, {"say.py": PROGRAM}, head))
        run = machine.run("kept")
        for number in range(scaled(KILLS)):
            wanted = len(noted(ledger)) + chance.randrange(1, 15)
            machine.wait_for(
                "the job to go on", lambda wanted=wanted: len(noted(ledger)) >= wanted or has_ended(machine, run)
            )
            if number % 3 != 1:
                machine.kill()
            if number % 3 != 0:
                kill_job(machine)
            machine.come_back()
        assert machine.ended(run)["summary"]["state"] == "succeeded"
        check(machine, run, noted(ledger))


def check(machine: Tortured, run: str, said: list[list[object]]) -> None:
    """Holds what is kept against what the job was told."""
    kept = machine.client.kept(run)
    artifacts = {(one["name"], one["sha256"]) for one in kept["artifacts"]}
    assert len(artifacts) == len(kept["artifacts"]), "an artifact was kept twice"
    models = {(one["tags"][0], one["version"]) for one in machine.client.models("kept", limit=10_000)}
    assert len({tag for tag, _ in models}) == len(models), "a version was saved twice"
    assert len({version for _, version in models}) == len(models)
    assert {(name, sha) for kind, name, sha in said if kind == "artifact"} <= artifacts
    assert {(name, version) for kind, name, version in said if kind == "model"} <= models
    for metric in machine.client.metrics("kept"):
        (series,) = machine.client.series("kept", metric["name"], points=10_000)
        steps = [point["y"] for point in series["points"]]
        attempt = metric["name"].partition(".")[2]
        told = [step for kind, name, step in said if kind == "metric" and str(name).partition(".")[0] == attempt]
        assert steps[: len(told)] == told
        assert len(steps) <= len(told) + 1, "a value was reported twice"


def noted(ledger: Path) -> list[list[object]]:
    """What the job was told, whole lines alone."""
    lines = ledger.read_text().splitlines(keepends=True) if ledger.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def has_ended(machine: Tortured, run: str) -> bool:
    return machine.client.run(run)["summary"]["ended_at"] is not None


def kill_job(machine: Tortured) -> None:
    """Its main process alone; whoever has ended meanwhile is no loss."""
    for process, line in processes_of(machine.home.path):
        if "python say.py" in line:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
