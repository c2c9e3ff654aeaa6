"""`ska.queue` from programs, on the oldest and the newest Python, against a real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.interpreters import NEWEST, OLDEST, need_interpreter
from tests.support.tortured import Tortured

JOB = "  - {name: idle, entrypoint: idle.py, on_deploy: wait}\n"
SDK = Path(__file__).resolve().parents[3] / "skafd" / "sdk"


@pytest.fixture(scope="module")
def machine() -> Iterator[Tortured]:
    with Tortured() as made:
        made.start()
        made.deploy(made.write("shop", JOB, {"idle.py": ""}, "add-ons: [{name: queue}]\n"))
        made.deploy(made.write("plain", JOB, {"idle.py": ""}))
        yield made


@pytest.fixture(params=[OLDEST, NEWEST])
def python(request: pytest.FixtureRequest) -> Path:
    return need_interpreter(request.param)


def say(machine: Tortured, text: str, project: str = "shop", python: Path | None = None) -> str:
    """What a program prints that is run in the folder of a project."""
    done = subprocess.run(
        [str(python or sys.executable), "-W", "error", "-c", "from skafossdk import *\nska = Skafos()\n" + text],
        cwd=machine.root / project,
        env={"PATH": os.environ["PATH"], "SKAFD_HOME": str(machine.home.path), "PYTHONPATH": str(SDK)}
        | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


OLD_PROGRAM = """
import queue
from skafossdk.exceptions import QueueError

assert ska.queue.setup(queue_names=["input", "results"], routing_keys=["in.*", "out.#"], delete=True,
                       exchange_name="parking") is True
assert ska.queue.publish("in.eu", "first") is True
assert ska.queue.publish(routing_key="in.us", body="sec\\u00f6nd", exchange_name="parking") is True
assert ska.queue.publish("out", "result") is True
method, properties, body = ska.queue.consume()
assert (method.consumer_tag, properties.content_type, properties.headers["x-delivery-count"]) == ("", None, 0)
assert (body, method.routing_key, method.redelivered) == (b"first", "in.eu", False), (method, body)
assert properties.delivery_mode == 2
try:
    ska.queue.consume("input", wait_timeout=0.1)
    raise SystemExit("prefetch is one")
except queue.Empty:
    pass
ska.queue.nack(method.delivery_tag)
method, properties, body = ska.queue.consume(queue_name="input", wait_timeout=30, auto_ack=True)
assert (body, method.redelivered) == (b"first", True), (method, body)
assert ska.queue.consume("input", 30, True)[2].decode() == "sec\\u00f6nd"
method, _, body = ska.queue.consume("results", wait_timeout=30)
assert body == b"result"
ska.queue.ack(method.delivery_tag)
for wrong in (
    lambda: ska.queue.setup("a", ["b"]), lambda: ska.queue.setup(["a"], ["b", "c"]),
    lambda: ska.queue.setup([1], ["b"]),
    lambda: ska.queue.publish("in.eu", b"bytes"), lambda: ska.queue.publish(5, "text"), lambda: ska.queue.consume(5),
    lambda: ska.queue.consume("nobody set it up", 1), lambda: ska.queue.ack("tag"), lambda: Skafos().queue.consume(),
):
    try:
        wrong()
        raise SystemExit("that is wrong")
    except QueueError as error:
        print(error)
ska.queue.stop()
assert Skafos().queue.publish("out.x", "other exchange") is True
try:
    ska.queue.consume("results", wait_timeout=0)
    raise SystemExit("it is empty")
except queue.Empty as error:
    print(error)
ska.queue.stop()
"""


def test_an_old_program_runs_unmodified(machine: Tortured, python: Path) -> None:
    said = say(machine, OLD_PROGRAM, python=python)
    assert "there is no queue 'nobody set it up': `ska.queue.setup(name, routing_key)` makes it" in said
    assert "no queue takes 1 of what was published to 'default' with 'out.x'" in said
    assert "results has had no message for 0 seconds" in said


def test_a_project_without_the_add_on_is_told_which_line_to_add(machine: Tortured) -> None:
    program = (
        "try:\n    ska.queue.publish('a', 'b')\nexcept Exception as error:\n    print(type(error).__name__, error)\n"
    )
    said = say(machine, program, "plain")
    assert said == "QueueError plain does not ask for the queue: add `add-ons: [{name: queue}]` to its config\n"


THREADS = """
import threading
ska.queue.setup("work", "work", delete=True)
ska.queue.publish_many([("work", str(number)) for number in range(2500)])
done, lock = [], threading.Lock()
def consume():
    while True:
        try:
            method, _, body = ska.queue.consume("work", wait_timeout=0.5)
        except Exception:
            return
        ska.queue.ack(method.delivery_tag)
        with lock:
            done.append(int(body))
threads = [threading.Thread(target=consume) for _ in range(3)]
[one.start() for one in threads]
[one.join() for one in threads]
assert sorted(done) == list(range(2500)), len(done)
"""


def test_many_messages_reach_many_threads_once(machine: Tortured) -> None:
    say(machine, THREADS)


def test_the_command_shows_what_waits_and_delivers_dead_letters_again(
    machine: Tortured, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = "ska.queue.setup('slow', 'slow.#', delete=True, max_deliveries=1)\n"
    say(machine, setting + "ska.queue.publish_many([('slow.eu', str(number)) for number in range(3)])\n")
    say(machine, "ska.queue.nack(ska.queue.consume('slow', 60)[0].delivery_tag)\nska.queue.publish('none', '')\n")
    monkeypatch.setenv("SKAFD_HOME", str(machine.home.path))

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, str(SDK.parents[1] / "cli.py"), "queue", *words]
        return subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)

    (found,) = json.loads(command("shop", "slow", "--json").stdout)
    assert (found["ready"], found["dead"], found["bindings"]) == (2, 1, [["default", "slow.#"]])
    assert "dead letters of slow that are delivered again: 1" in command("shop", "slow", "--retry-dead").stdout
    line = next(line for line in command("shop").stdout.splitlines() if line.startswith("slow"))
    assert "3" in line.split() and "slow.#" in line
    assert "add `add-ons: [{name: queue}]` to its config" in command("plain").stderr
