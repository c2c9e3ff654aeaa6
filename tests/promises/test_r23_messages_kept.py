"""Whatever is killed while jobs publish and consume: every acknowledged message is consumed."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.support.tortured import SCALE, Tortured

PUBLISHERS, CONSUMERS, MESSAGES = 2, 2, 120
KILLS = round(6 * SCALE)
WRITE_DOWN = """\
import os
def write_down(line):
    file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (line + "\\n").encode())
    os.close(file)
"""
PUBLISHER = """\
from skafossdk import *
from write_down import *

ska = Skafos()
ska.queue.setup("work", "work.*", max_deliveries=1000)
instance = os.environ["SKAFD_INSTANCE"]
for number in range(int(os.environ["MESSAGES"])):
    body = "%s-%d-%s" % (instance, number, os.environ["SKAFD_ATTEMPT"])
    assert ska.queue.publish("work." + instance, body)
    write_down("published " + body)
"""
CONSUMER = """\
import queue
from skafossdk import *
from write_down import *

ska = Skafos()
ska.queue.setup("work", "work.*", max_deliveries=1000)
while not os.path.exists(os.environ["LEDGER"] + ".end"):
    try:
        method, _, body = ska.queue.consume("work", wait_timeout=0.5)
    except queue.Empty:
        continue
    write_down("consumed " + body.decode())
    ska.queue.ack(method.delivery_tag)
"""
HEAD = "add-ons: [{{name: queue}}]\nenv: {{LEDGER: {ledger}, MESSAGES: '{messages}'}}\n"
JOBS = "".join(
    f"  - {{name: {name}, entrypoint: {name}.py, on_deploy: wait, parallelism: {count}, retry: {{times: 50}}}}\n"
    for name, count in (("publish", PUBLISHERS), ("consume", CONSUMERS))
)


def test_every_acknowledged_message_is_consumed(tortured: Tortured) -> None:
    ledger = tortured.root / "ledger"
    files = {"publish.py": PUBLISHER, "consume.py": CONSUMER, "write_down.py": WRITE_DOWN}
    head = HEAD.format(ledger=ledger, messages=MESSAGES)
    tortured.deploy(tortured.write("working", JOBS, files, head))
    publishing, consuming = tortured.run("working", "publish"), tortured.run("working", "consume")
    dice = random.Random(7)
    for number in range(KILLS):
        wanted = len(_lines(ledger)) + dice.randrange(5, 40)
        tortured.wait_for("more lines", lambda wanted=wanted: len(_lines(ledger)) >= wanted or _all_there(ledger))
        for victim in dice.sample(["broker", "daemon", "publish.py", "consume.py"], 1 + number % 3):
            _kill(tortured, victim)
    assert tortured.ended(publishing)["summary"]["state"] == "succeeded"
    tortured.wait_for("every message", lambda: _all_there(ledger))
    ledger.with_name("ledger.end").touch()
    assert tortured.ended(consuming)["summary"]["state"] == "succeeded"
    assert _published(ledger) <= set(_consumed(ledger))
    numbers = {body.rpartition("-")[0] for body in _consumed(ledger)}
    assert numbers == {f"{instance}-{number}" for instance in range(PUBLISHERS) for number in range(MESSAGES)}
    again = sum(_consumed(ledger).values()) - len(_consumed(ledger))
    # A kill interrupts at most what each consumer and each publisher has in hand.
    assert again <= KILLS * 3 * (PUBLISHERS + CONSUMERS)


def _lines(ledger: Path) -> list[list[str]]:
    return [line.split() for line in ledger.read_text().splitlines()] if ledger.exists() else []


def _published(ledger: Path) -> set[str]:
    return {body for kind, body in _lines(ledger) if kind == "published"}


def _consumed(ledger: Path) -> Counter[str]:
    return Counter(body for kind, body in _lines(ledger) if kind == "consumed")


def _all_there(ledger: Path) -> bool:
    published = _published(ledger)
    numbers = {body.rpartition("-")[0] for body in published}
    return len(numbers) == PUBLISHERS * MESSAGES and published <= set(_consumed(ledger))


def _kill(machine: Tortured, victim: str) -> None:
    if victim == "daemon":
        machine.kill()
        machine.come_back()
    elif victim == "broker":
        for service in machine.client.services():
            _end(service["pid"])
    else:
        _end(next((pid for pid in _processes() if _runs(machine, pid, victim)), None))


def _processes() -> list[int]:
    return [int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit()]


def _runs(machine: Tortured, pid: int, script: str) -> bool:
    with suppress(OSError):
        process = Path(f"/proc/{pid}")
        is_ours = (process / "cwd").readlink().is_relative_to(machine.root)
        return is_ours and script.encode() in (process / "cmdline").read_bytes()
    return False


def _end(pid: int | None) -> None:
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
