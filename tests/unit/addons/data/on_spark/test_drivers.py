"""A driver that is killed is started again, and asked again; what is answered is heard whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skafd.addons.data.on_spark.drivers import Drivers
from skafd.addons.data.on_spark.place import service_of, socket_of
from skafd.errors import DaemonUnreachable, DataEngineError
from tests.support.embedded import PEOPLE, Embedded
from tests.support.queries import QueriesOnSpark

SERVICE = service_of(None)
SCHEMA = {"type": "struct", "fields": [{"name": "id", "type": "long", "nullable": True, "metadata": {}}]}
Script = list[list[object] | None]
"""What is said on each connection; None: it ends in the middle of a line."""


class Scripted:
    """Somebody who answers as is written."""

    def __init__(self, folder: Path, script: Script) -> None:
        self.folder = folder
        self.questions: list[object] = []
        self.starts = 0
        self._script = script
        self._listener: socket.socket | None = None

    def start(self, service: str) -> None:
        self.starts += 1
        if self._script:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(socket_of(self.folder, service)))
            self._listener.listen()
            threading.Thread(target=self._answer, args=(self._listener,), daemon=True).start()

    def _answer(self, listener: socket.socket) -> None:
        for lines in self._script:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                self.questions.append(json.loads(stream.readline()))
                for line in lines or ():
                    stream.write(json.dumps(line).encode() + b"\n")
                if lines is None:
                    stream.write(json.dumps({"schema": SCHEMA}).encode() + b"\n[[1], [")


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Callable[[Script], Scripted]]:
    made: list[Scripted] = []

    def make(script: Script) -> Scripted:
        made.append(Scripted(tmp_path, script))
        return made[-1]

    yield make
    for one in made:
        if one._listener is not None:
            one._listener.close()


def test_an_answer_that_breaks_off_is_asked_for_again(scripted: Callable[[Script], Scripted]) -> None:
    there = scripted([None, [], [{"schema": SCHEMA}, [[1], [2]], [[3]], {"end": True}]])
    reply = Drivers(there.folder, there.start).ask(SERVICE, {"sql": "SELECT 1"})
    assert [row for block in reply.blocks() for row in block] == [[1], [2], [3]]
    assert there.questions == [{"sql": "SELECT 1"}] * 3
    assert there.starts == 1


def test_a_query_that_ends_every_driver_is_given_up(scripted: Callable[[Script], Scripted]) -> None:
    there = scripted([None] * 5)
    with pytest.raises(DataEngineError, match="Spark ended 5 times"):
        Drivers(there.folder, there.start).ask(SERVICE, {})


def test_what_goes_wrong_late_is_said_as_what_goes_wrong_at_once(scripted: Callable[[Script], Scripted]) -> None:
    there = scripted([[{"error": "early"}], [{"schema": SCHEMA}, [[1]], {"error": "late"}]])
    for words in ("early", "late"):
        with pytest.raises(DataEngineError, match=words):
            Drivers(there.folder, there.start).ask(SERVICE, {})


def test_one_that_does_not_come_may_come_later(scripted: Callable[[Script], Scripted]) -> None:
    there = scripted([])
    with pytest.raises(DaemonUnreachable, match="spark-queries does not answer"):
        Drivers(there.folder, there.start).ask(SERVICE, {})


def test_no_query_is_lost_when_the_driver_is_killed(spark: QueriesOnSpark, tmp_path: Path) -> None:
    engine = Embedded(tmp_path, spark.access(tmp_path / "snapshots"))
    engine.save(PEOPLE, *({"id": number, "score": 1.0} for number in range(500)))
    assert engine.query("SELECT sum(score) AS s FROM people") == [{"s": 500.0}]
    answers: list[object] = []
    # Long enough that nobody is killed too late.
    sql = "SELECT count(*) AS n FROM people a, people b, people c WHERE a.id + b.id + c.id >= 0"
    asking = threading.Thread(target=lambda: answers.append(engine.query(sql)))
    victim = spark.pid
    asking.start()
    os.kill(victim, signal.SIGKILL)
    asking.join()
    assert answers == [[{"n": 500**3}]]
    assert spark.pid != victim
    engine.engine.close()
