"""Futures of the SDK: results, errors, order, and what becomes of them when the program ends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import skafd.sdk
from skafd.sdk.skafossdk.background import begin
from skafd.sdk.skafossdk.exceptions import CallbackNotFound

SDK = Path(skafd.sdk.__file__).parent


def test_a_request_says_how_it_is_and_gives_its_result() -> None:
    go_on = threading.Event()
    request = begin("wait", lambda: go_on.wait() and 7)
    assert request.status == "running"
    assert f"request_id={request.request_id} status=running time=" in repr(request)
    with pytest.raises(TimeoutError, match=r"wait has not ended within 0\.01 s"):
        request.result(timeout=0.01)
    go_on.set()
    assert request.result() == 7
    assert repr(request).startswith("<Request at 0x")
    assert request.status == "finished"


def test_a_request_is_a_future_to_whoever_waits_for_futures() -> None:
    requests = [begin("add", lambda number=number: number) for number in range(3)]  # type: ignore[misc]
    done, open_ones = concurrent.futures.wait(requests, timeout=60)
    assert (sorted(one.result() for one in done), open_ones) == ([0, 1, 2], set())
    assert sorted(one.result() for one in concurrent.futures.as_completed(requests, timeout=60)) == [0, 1, 2]
    seen: list[object] = []
    requests[0].add_done_callback(seen.append)
    assert seen == [requests[0]]
    assert isinstance(begin("divide", lambda: 1 / 0).exception(), ZeroDivisionError)
    assert requests[0].time >= 0
    assert not requests[0].cancel()

    async def wait_for_it() -> object:
        return await asyncio.wrap_future(begin("multiply", lambda: 6))

    assert asyncio.run(wait_for_it()) == 6


def test_what_was_begun_cannot_be_cancelled() -> None:
    go_on = threading.Event()
    first, second = begin("wait", go_on.wait, lane="one"), begin("add", lambda: 7, lane="one")
    assert not second.cancel()
    go_on.set()
    assert (first.result(), second.result()) == (True, 7)


def test_a_request_raises_what_its_call_raised() -> None:
    request = begin("divide", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        request.result()
    assert request.status == "failed"


def test_a_callback_is_given_the_result_and_has_to_be_callable() -> None:
    given: list[int] = []
    begin("add", lambda: 3, callback=given.append).result()
    assert given == [3]
    with pytest.raises(CallbackNotFound, match="callback of add"):
        begin("add", lambda: 3, callback="print")  # type: ignore[arg-type]


def test_calls_of_one_lane_keep_their_order() -> None:
    seen: list[int] = []
    requests = [begin("note", lambda number=number: seen.append(number), lane="notes") for number in range(100)]  # type: ignore[misc]
    for request in requests:
        request.result()
    assert seen == list(range(100))


PROGRAM = """\
import os, sys, time, atexit
from skafossdk import background
from skafossdk.messages import prepare_loggers
prepare_loggers()
def later(word):
    time.sleep(0.1)
    os.write(1, (word + "\\n").encode())
for word in ("one", "two"):
    background.begin("say", lambda word=word: later(word), lane="words")
background.begin("divide", lambda: 1 / 0)
kept = background.begin("multiply", lambda: {}["x"])
atexit.register(lambda: background.begin("say", lambda: later("at exit"), lane="words"))
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SDK)}
    return subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("ending", ["", "raise KeyError(1)\n", "sys.exit(3)\n"], ids=["end", "error", "exit"])
def test_what_nobody_waited_for_is_done_before_the_program_ends(ending: str) -> None:
    done = _run(PROGRAM + ending)
    assert sorted(done.stdout.splitlines()) == ["at exit", "one", "two"]
    assert "ERROR - divide failed: division by zero" in done.stderr
    assert "ERROR - multiply failed: 'x'" in done.stderr


def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    program = """\
import multiprocessing, os
from skafossdk import background
background.begin("warm up", lambda: None).result()
def child():
    background.begin("say", lambda: os.write(1, b"child\\n"))
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
"""
    assert _run(program).stdout == "child\n"
