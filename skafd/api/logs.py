"""The log of a target as a stream: what is there, and with `follow` what comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from skafd.api.backend import Backend
from skafd.api.shapes import LogSource
from skafd.api.tail import LogReader
from skafd.api.waiting import ChangeWatch

LOOK_SECONDS = 0.2
"""How often a growing file is looked at while somebody follows it."""
IDLE_SECONDS = 30.0
_RUN = re.compile(r"(?P<run>[^/]+/\d+)(?P<task>/.+)?")
_OPEN = frozenset({"waiting", "queued", "starting", "running"})


@dataclass(slots=True)
class _Open:
    reader: LogReader
    finished: bool


class LogStream:
    """One answer to `GET /v1/logs`."""

    def __init__(self, backend: Backend, watch: ChangeWatch, target: str, lines: int | None, follow: bool) -> None:
        self._backend = backend
        self._watch = watch
        self._target = target
        self._lines = lines
        self._follow = follow
        self._open: dict[str, _Open] = {}
        self._seen: set[str] = set()
        self._prefixed = False
        self._number = -1

    async def start(self) -> None:
        """Finds the logs. Raises NotFound, before anything was sent."""
        # Before the sources, so that what changes in between is not missed.
        self._number = await self._watch.current()
        sources = await self._sources()
        tasks = {source.task for source in sources}
        one_job = self._target.count("/") == 1 and not _RUN.fullmatch(self._target)
        is_task = self._target.count("/") > 1
        self._prefixed = len(tasks) > 1 or (self._follow and not one_job and not is_task)
        self._take(sources)
        if self._lines is not None:
            for log in self._open.values():
                await to_thread.run_sync(log.reader.skip_to_last, self._lines)

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes, block by block."""
        while True:
            async for block in self._drain():
                yield block
            if not self._follow or self._watch.closed or await self._is_over():
                break
            await self._pause()
            self._take(await self._sources())
        for log in self._open.values():
            if rest := log.reader.close():
                yield rest

    async def _sources(self) -> list[LogSource]:
        return await to_thread.run_sync(self._backend.log_sources, self._target)

    def _take(self, sources: list[LogSource]) -> None:
        now = {source.path: source for source in sources}
        for path, log in self._open.items():
            # One that is no longer among the newest has ended.
            log.finished = path not in now or now[path].finished
        for path, source in now.items():
            if path not in self._seen:
                prefix = f"{source.task} | ".encode() if self._prefixed else b""
                self._open[path] = _Open(LogReader(Path(path), prefix), source.finished)
        self._seen = set(now)

    async def _drain(self) -> AsyncIterator[bytes]:
        for path, log in list(self._open.items()):
            while block := await to_thread.run_sync(log.reader.read):
                yield block
            if log.finished and self._follow:
                del self._open[path]
                if rest := log.reader.close():
                    yield rest

    async def _pause(self) -> None:
        """Until something changed, or one of the files grew."""
        while not self._watch.closed:
            number = await self._watch.wait(self._number, LOOK_SECONDS if self._open else IDLE_SECONDS)
            if number > self._number:
                self._number = number
                return
            if any([await to_thread.run_sync(log.reader.has_more) for log in self._open.values()]):
                return

    async def _is_over(self) -> bool:
        """Nothing can come any more: the run, or the one task of it, has ended."""
        match = _RUN.fullmatch(self._target)
        if not match or self._open:
            return False
        run = await to_thread.run_sync(self._backend.run, match["run"])
        if not match["task"]:
            return run.summary.ended_at is not None
        return not any(task.state in _OPEN for task in run.tasks if _means(self._target, task.task))


def _means(target: str, task: str) -> bool:
    return task == target or task.startswith(f"{target}[")
