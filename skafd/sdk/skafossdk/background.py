"""Futures: calls that go on while the program does, and are done before it ends.

    request = begin("save_model", lambda: service.call(...), lane="models")
    request.result()                # blocks; raises what the call raised

Calls of one lane happen one after another, in the order in which they were begun; calls without a lane in any order.
A call that nobody waits for takes effect before the process ends, and its error is logged. At the end of the
interpreter, and in what it runs then, calls are made at once, in the thread that asks.
"""

import atexit
import collections
import concurrent.futures
import logging
import os
import sys
import threading
import time
import uuid
import weakref
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from .exceptions import CallbackNotFound

THREADS = 4
_log = logging.getLogger("skafossdk.skafos")


if sys.version_info >= (3, 11):
    Late = TimeoutError
else:

    class Late(concurrent.futures.TimeoutError, TimeoutError):
        """The time is up, by either name."""


class Request(concurrent.futures.Future):  # type: ignore[type-arg]
    """A call that was begun: a future, also to `concurrent.futures.wait` and `asyncio.wrap_future`."""

    def __init__(self, name: str, work: "Callable[[], Any]", callback: "Optional[Callable[[Any], Any]]" = None) -> None:
        super().__init__()
        self.name = name
        self.request_id = str(uuid.uuid4())
        self._work: "Optional[Callable[[], Any]]" = work
        self._callback = callback
        self._began = time.monotonic()
        self._seconds: "Optional[float]" = None
        self._is_known = False

    def result(self, timeout: "Optional[float]" = None) -> Any:
        """What became of it, as soon as it is known. Raises its error, and TimeoutError after `timeout` seconds."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        return super().result()

    def exception(self, timeout: "Optional[float]" = None) -> "Optional[BaseException]":
        """Its error, as soon as it has ended; None for a good end. Raises TimeoutError after `timeout` seconds."""
        try:
            error = super().exception(timeout)
        except concurrent.futures.TimeoutError:
            raise Late(f"{self.name} has not ended within {timeout:g} s") from None
        self._is_known = True
        return error

    def cancel(self) -> bool:
        """False: what was begun takes effect."""
        return False

    @property
    def status(self) -> str:
        """`running`, `finished` or `failed`."""
        if not self.done():
            return "running"
        return "failed" if super().exception() is not None else "finished"

    @property
    def time(self) -> float:
        """For how many seconds it has been going on, or went on."""
        return self._seconds if self._seconds is not None else time.monotonic() - self._began

    def run(self) -> None:
        """Makes the call. For the pool alone."""
        work, self._work = self._work, None
        self.set_running_or_notify_cancel()
        try:
            assert work is not None, "a call is made once"
            value = work()
            if self._callback is not None:
                self._callback(value)
        except BaseException as error:
            # What the call was made of may be large.
            work = None
            self._seconds = self.time
            self.set_exception(error)
        else:
            work = None
            self._seconds = self.time
            self.set_result(value)

    def tell(self) -> None:
        """Logs an error that nobody has asked for."""
        if self.done() and not self._is_known:
            error = self.exception()
            if error is not None:
                _log.error("%s failed: %s", self.name, error)

    def __repr__(self) -> str:
        return f"<Request at {id(self):#x} request_id={self.request_id} status={self.status} time={self.time:.4f}>"

    def __del__(self) -> None:
        self.tell()


class Pool:
    """A few threads that make calls."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ready: "Deque[Tuple[Optional[str], Request]]" = collections.deque()
        self._behind: "Dict[str, Deque[Request]]" = {}
        """Lanes of which a call is ready or being made, with what follows it."""
        self._open = 0
        self._idle = 0
        self._threads = 0
        self._is_ending = False
        self._known: "weakref.WeakSet[Request]" = weakref.WeakSet()
        self.last_words: "List[Callable[[], Any]]" = []

    def begin(self, request: Request, lane: "Optional[str]") -> None:
        """Makes the call soon; now, when the interpreter ends."""
        with self._condition:
            self._known.add(request)
            self._open += 1
            if lane is not None and lane in self._behind:
                self._behind[lane].append(request)
            else:
                self._put(lane, request)
            is_ending = self._is_ending
        while is_ending and self._make_next(wait=False):
            pass

    def drain(self) -> None:
        """Makes what is to be made, and waits for what is being made; then logs the errors that nobody knows."""
        for work in self.last_words:
            work()
        with self._condition:
            self._is_ending = True
        while self._make_next(wait=False):
            pass
        with self._condition:
            while self._open:
                self._condition.wait()
        for request in list(self._known):
            request.tell()

    def _put(self, lane: "Optional[str]", request: Request) -> None:
        if lane is not None:
            self._behind[lane] = collections.deque()
        self._ready.append((lane, request))
        if not self._is_ending and not self._idle and self._threads < THREADS:
            self._start_thread()
        self._condition.notify()

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="skafossdk", daemon=True).start()
            self._threads += 1
        except RuntimeError:
            self._is_ending = True

    def _work(self) -> None:
        while self._make_next(wait=True):
            pass

    def _make_next(self, wait: bool) -> bool:
        """Makes one call. False: there is none, and there was not to be waited for one."""
        with self._condition:
            while not self._ready:
                if not wait:
                    return False
                self._idle += 1
                self._condition.wait()
                self._idle -= 1
            lane, request = self._ready.popleft()
        request.run()
        with self._condition:
            self._open -= 1
            self._follow(lane)
            self._condition.notify_all()
        return True

    def _follow(self, lane: "Optional[str]") -> None:
        if lane is None:
            return
        behind = self._behind[lane]
        if behind:
            self._ready.append((lane, behind.popleft()))
        else:
            del self._behind[lane]


def begin(
    name: str,
    work: "Callable[[], Any]",
    lane: "Optional[str]" = None,
    callback: "Optional[Callable[[Any], Any]]" = None,
) -> Request:
    """Begins a call; `name` is what errors call it, `callback` is given the result. Raises CallbackNotFound."""
    if callback is not None and not callable(callback):
        raise CallbackNotFound(f"the callback of {name} cannot be called: {callback!r}")
    request = Request(name, work, callback)
    launch(request, lane)
    return request


def launch(request: Request, lane: "Optional[str]" = None) -> None:
    """Begins a call that was made before."""
    _pool().begin(request, lane)


def at_end(work: "Callable[[], Any]") -> None:
    """Has this done before this process ends, and before its calls are waited for."""
    _pool().last_words.append(work)


_pools: "Dict[int, Pool]" = {}


def _pool() -> Pool:
    """The pool of this process: threads do not survive a fork."""
    pool = _pools.get(os.getpid())
    if pool is None:
        pool = Pool()
        _pools.clear()
        _pools[os.getpid()] = pool
        atexit.register(_finish, os.getpid())
        if "multiprocessing.util" in sys.modules:
            # Its children end without what `atexit` has.
            sys.modules["multiprocessing.util"].Finalize(None, _finish, args=(os.getpid(),), exitpriority=0)
    return pool


def _finish(process: int) -> None:
    if os.getpid() == process:
        _pools[process].drain()
