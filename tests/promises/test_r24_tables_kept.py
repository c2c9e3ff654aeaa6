"""Whatever is killed while jobs write: each write that was acknowledged is there, and each job ends well."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from skafd.addons.data.client import DataClient
from skafd.errors import SkafdError
from tests.support.tortured import SCALE, Tortured

WRITERS = 2
WRITES_PER_KILL = 10
KILLS = round(6 * SCALE)
WRITES = KILLS * WRITES_PER_KILL
WRITER = """\
import os
from skafossdk import *

ska = Skafos()
writer, ledger = os.environ["SKAFD_INSTANCE"], os.environ["LEDGER"]
schema = {
    "table_name": "written",
    "options": {"primary_key": ["writer", "number"]},
    "columns": {"writer": "int", "number": "int", "attempt": "int"},
}
attempt = int(os.environ["SKAFD_ATTEMPT"])
lines = open(ledger).read().splitlines() if os.path.exists(ledger) else []
# Goes on with the last write that an earlier attempt has noted.
first = max([0] + [int(line.split()[1]) for line in lines if line.split()[0] == writer])
for number in range(first, int(os.environ["WRITES"])):
    ska.engine.save(schema, [{"writer": int(writer), "number": number, "attempt": attempt}]).result()
    file = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, ("%s %d %d\\n" % (writer, number, attempt)).encode())
    os.fsync(file)
    os.close(file)
ska.engine.save(schema, [{"writer": int(writer), "number": -1, "attempt": attempt}])
"""
JOB = f"  - {{name: write, entrypoint: write.py, on_deploy: wait, parallelism: {WRITERS}, retry: {{times: 50}}}}\n"


def kill(pid: int | None) -> None:
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class Victims:
    """What can be killed, found anew each time."""

    def __init__(self, machine: Tortured) -> None:
        self.machine = machine

    def engine(self) -> None:
        for service in self.machine.client.services():
            kill(service["pid"])

    def daemon(self) -> None:
        self.machine.kill()
        self.machine.come_back()

    def job(self) -> None:
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and self._is_writer(process):
                return kill(int(process.name))
        return None

    def _is_writer(self, process: Path) -> bool:
        try:
            return b"write.py" in (process / "cmdline").read_bytes() and str(self.machine.root) in str(
                (process / "cwd").readlink()
            )
        except OSError:
            return False


@pytest.mark.timeout(round(300 * max(1.0, SCALE)))
def test_every_acknowledged_write_is_there(tortured: Tortured) -> None:
    ledger = tortured.root / "ledger"
    head = f"env: {{LEDGER: {ledger}, WRITES: '{WRITES}'}}\n"
    tortured.deploy(tortured.write("writing", JOB, {"write.py": WRITER}, head))
    run = tortured.run("writing")
    tortured.wait_for("the first write", lambda: ledger.exists() and ledger.read_text())
    victims, dice = Victims(tortured), random.Random(7)
    for number in range(KILLS):
        wanted = len(ledger.read_text().splitlines()) + dice.randrange(1, 8)
        tortured.wait_for("more writes or the end", lambda wanted=wanted: _has(ledger, wanted) or _ended(tortured, run))
        for victim in dice.sample([victims.engine, victims.daemon, victims.job], 1 + number % 3):
            victim()
    detail = tortured.ended(run)
    assert detail["summary"]["state"] == "succeeded", detail
    acknowledged = {}
    for line in ledger.read_text().splitlines():
        writer, number, attempt = map(int, line.split())
        acknowledged[writer, number] = attempt
    found = {
        (row["writer"], row["number"]): row["attempt"]
        for row in _client(tortured).query("SELECT * FROM written")["data"]
    }
    lost = {key: attempt for key, attempt in acknowledged.items() if found.get(key, 0) < attempt}
    assert lost == {}
    assert len(acknowledged) == WRITERS * WRITES
    assert all((writer, -1) in found for writer in range(WRITERS)), "a call that nobody waited for is missing"


def _has(ledger: Path, lines: int) -> bool:
    return len(ledger.read_text().splitlines()) >= lines


def _ended(machine: Tortured, run: str) -> bool:
    try:
        return bool(machine.client.run(run)["summary"]["ended_at"])
    except SkafdError:
        return False


def _client(machine: Tortured) -> DataClient:
    machine.client.start_service("data")
    return DataClient(machine.home.data_socket, machine.client.job_token("writing")["token"])
