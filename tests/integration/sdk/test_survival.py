"""What programs say is kept once, though the daemon goes away, fails after the commit, or is sent a great deal."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil
import pytest

from skafd.errors import NotFound
from skafd.job_token import JobToken
from skafd.jobs.requests import FindRequest
from skafd.store import Purpose
from tests.support.sdk_lab import Lab, lab


@pytest.fixture
def laboratory() -> Iterator[Lab]:
    with lab() as made:
        yield made


STEPS = 60
PROGRAM = f"""
from skafossdk import *
import sys, time
ska = Skafos()
for step in range({STEPS}):
    ska.report("step", step)
    ska.artifacts.save("state", step)
    ska.engine.save_model("tree", b"%d" % step, tags=["latest"]).result()
    print(step, flush=True)
"""


def test_every_acknowledged_write_is_there_once(laboratory: Lab) -> None:
    with laboratory.start_program(PROGRAM) as program:
        assert program.stdout is not None
        for number, line in enumerate(program.stdout):
            if number % 5 == 0:
                laboratory.daemon.fail("before" if number % 2 else "after", Purpose.JOB_CALLS)
            if number % 10 == 0:
                laboratory.server.close()
                laboratory.start()
            assert line.strip().isdigit(), line + program.stdout.read()
    assert program.returncode == 0
    with laboratory.daemon.database.reader() as reader:
        project = laboratory.attempt.task.run.project
        assert len(reader.models(project, "tree")) == STEPS
        kept = [one for one in reader.artifacts_of_run(laboratory.attempt.task.run) if one.name == "state"]
        assert len(kept) == STEPS
        (series,) = reader.metric_series(project, "step")
        assert [one.y for one in reader.metric_points(series.id, 1000)] == [float(step) for step in range(STEPS)]


PUBLISHING = f"""
from skafossdk.exceptions import Refused
from skafossdk import *
ska = Skafos()
for number in range({STEPS}):
    print(ska.publish_event("ready", {{"number": number, "region": "eu"}}), flush=True)
print(ska.publish_event("ready", {{"of": [1]}}, key="once"), ska.publish_event("ready", {{"of": [1]}}, key="once"))
try:
    ska.publish_event("no name")
except Refused as error:
    print(error)
"""


def test_every_event_that_a_job_was_told_is_published_is_there_once(laboratory: Lab) -> None:
    with laboratory.start_program(PUBLISHING) as program:
        assert program.stdout is not None
        lines = []
        for number, line in enumerate(program.stdout):
            lines.append(line.strip())
            if number % 5 == 0 and number < STEPS:
                laboratory.daemon.fail("before" if number % 2 else "after", Purpose.EVENT)
            if number % 10 == 0 and number < STEPS:
                laboratory.server.close()
                laboratory.start()
    assert program.returncode == 0, "\n".join(lines)
    numbers, (twice, refused) = [int(line) for line in lines[:STEPS]], lines[STEPS:]
    assert len(set(numbers)) == STEPS
    assert len(set(twice.split())) == 1
    assert "'no name' is no name of an event" in refused
    with laboratory.daemon.database.reader() as reader:
        heard = list(reader.heard(None, 1000, None))
    assert len(heard) == STEPS + 1
    assert heard[0].parameters == (("of", "[1]"),)
    assert heard[0].detail == f"churn/{laboratory.run_number}/train published ready"


def test_a_daemon_that_is_gone_for_a_while_is_waited_for(laboratory: Lab) -> None:
    laboratory.server.close()
    program = laboratory.start_program("from skafossdk import *\nprint(Skafos().artifacts.save('x', 1).size_bytes)\n")
    threading.Timer(1.0, laboratory.start).start()
    printed, _ = program.communicate(timeout=60)
    assert printed.strip().isdigit()


LARGE_BYTES = 200 * 2**20
SENDS_MUCH = f"""
from skafossdk import *
import os, resource
ska = Skafos()
piece = os.urandom(2**20)
with open("large", "wb") as file:
    for _ in range({LARGE_BYTES} // 2**20):
        file.write(piece)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("sending", flush=True)
assert ska.artifacts.save_file("large", "large").size_bytes == {LARGE_BYTES}
ska.artifacts.fetch("large", "back")
assert os.path.getsize("back") == {LARGE_BYTES}
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_much_is_kept_with_little_memory_though_the_daemon_restarts_meanwhile(laboratory: Lab) -> None:
    this = psutil.Process()
    with laboratory.start_program(SENDS_MUCH) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "sending\n"
        before = largest = this.memory_info().rss
        laboratory.daemon.wait_for("the upload", lambda: list(laboratory.daemon.home.artifacts.glob(".staging/*")))
        laboratory.server.close()
        laboratory.start()
        while program.poll() is None:
            largest = max(largest, this.memory_info().rss)
            threading.Event().wait(0.01)
        printed = program.stdout.read()
    assert program.returncode == 0, printed
    assert int(printed) < LARGE_BYTES / 8
    assert largest - before < LARGE_BYTES / 4
    laboratory.daemon.wait_for(
        "what was cut off to be cleared", lambda: not list(laboratory.daemon.home.artifacts.glob(".staging/*"))
    )


def test_an_attempt_that_has_ended_says_nothing_any_more(laboratory: Lab) -> None:
    laboratory.daemon.cancel_all()
    laboratory.daemon.wait_for("the end", lambda: not laboratory.daemon.alive())
    program = laboratory.start_program("from skafossdk import *\nSkafos().artifacts.save('x', 1)\n")
    printed, _ = program.communicate(timeout=60)
    assert "Refused: this attempt has ended" in printed


def test_what_belongs_to_another_project_is_not_given(laboratory: Lab) -> None:
    laboratory.say("from skafossdk import *\nSkafos().artifacts.save('secret', b'of churn')\n")
    (found,) = laboratory.backend.artifacts.find(laboratory.token, FindRequest("secret"))
    stranger = JobToken("stranger", 1, "spy", 0, 1)
    with pytest.raises(NotFound):
        laboratory.backend.artifacts.give(stranger, found["sha256"])
    with laboratory.backend.artifacts.give(laboratory.token, found["sha256"]) as stream:
        assert stream.read() == b"of churn"
