"""One campaign: work is asked for, processes are killed at random moments, and at the end the ledger judges."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skafd.errors import SkafdError
from skafd.torture import ledger, project
from skafd.torture.processes import DaemonProcess, kill_one

_MOST_OPEN_RUNS = 3
_LONGEST_WAIT_SECONDS = 0.2
_QUIET_WITHIN_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Report:
    """How a campaign went."""

    seed: int
    seconds: float
    kills: Counter[str]
    verdict: ledger.Verdict
    trace: list[str]

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, doubled, wrong or left."""
        return not self.verdict.violations


class Campaign:
    """Everything random comes from one seed; what happens in between is up to the machine."""

    def __init__(self, root: Path, seed: int) -> None:
        """`root` is an empty folder with a short path."""
        self._dice = random.Random(seed)
        self._seed = seed
        self._ledger = root / "ledger"
        self._folder = root / project.NAME
        self._daemon = DaemonProcess(root)
        self._kills: Counter[str] = Counter()
        self._killed_supervisors: set[int] = set()
        self._acknowledged: list[str] = []
        self._version = 1
        self._trace: list[str] = []
        self._began = time.monotonic()

    def run(self, is_over: Callable[[Counter[str], float], bool]) -> Report:
        """Goes on until `is_over` says so of the kills and the seconds, then lets everything end, and judges."""
        try:
            self._must(self._deploy)
            while not is_over(self._kills, self._elapsed()):
                self._one_turn()
            self._come_to_rest()
        finally:
            self._end()
        facts = ledger.Circumstances(
            self._daemon.home.path,
            self._ledger,
            self._acknowledged,
            self._killed_supervisors,
            project.PERIOD_SECONDS,
        )
        return Report(self._seed, self._elapsed(), self._kills, ledger.check(facts), self._trace)

    # --- what happens -----------------------------------------------------------------------------------

    def _one_turn(self) -> None:
        """Something is asked for, something happens, and 1 to 200 ms later somebody dies."""
        if self._daemon.has_ended():
            self._start()
        asking = self._ask()
        self._wait_for_something()
        time.sleep(self._dice.uniform(0.001, _LONGEST_WAIT_SECONDS))
        self._kill()
        if asking is not None:
            asking.join()

    def _start(self) -> None:
        """Sometimes it dies before it is up; sometimes work is done while nobody is there."""
        while self._dice.random() < 0.4:
            self._daemon.begin()
            time.sleep(self._dice.uniform(0.05, 0.5))
            self._daemon.kill()
            self._count("daemon while it starts")
        if self._dice.random() < 0.1:
            time.sleep(self._dice.uniform(0.2, 1.0))
        self._daemon.start()

    def _ask(self) -> threading.Thread | None:
        """Asks for a run, a new version or an end, without waiting for the answer: the kill may come before it."""
        dice = self._dice.random()
        if dice < 0.45:
            wanted: Callable[[], None] = self._ask_for_run
        elif dice < 0.5:
            wanted = self._deploy
        elif dice < 0.54:
            wanted = self._cancel
        else:
            return None
        return self._in_thread(wanted)

    def _must(self, wanted: Callable[[], None]) -> None:
        """Does it and waits for it: nobody is killed meanwhile, so it has to come to an end."""
        thread = self._in_thread(wanted)
        thread.join(_QUIET_WITHIN_SECONDS)
        if thread.is_alive():
            raise SkafdError(f"the daemon does not answer\n{self._daemon.last_words()}")

    def _in_thread(self, wanted: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._try, args=(wanted,), daemon=True)
        thread.start()
        return thread

    def _try(self, wanted: Callable[[], None]) -> None:
        # Killed in the middle: whether it was done is seen at the end.
        with contextlib.suppress(SkafdError, OSError):
            wanted()

    def _ask_for_run(self) -> None:
        if len(self._open_runs()) >= _MOST_OPEN_RUNS:
            return
        run = self._daemon.client.start_run(project.NAME, "source")["summary"]["run"]
        self._acknowledged.append(run)
        self._say(f"run {run}")

    def _cancel(self) -> None:
        runs = self._open_runs()
        if runs:
            self._daemon.client.kill(self._dice.choice(runs))
            self._say("cancelled a run")

    def _deploy(self, is_scheduled: bool = True) -> None:
        if self._daemon.has_ended():
            self._daemon.start()
        self._version += 1
        project.write_project(self._folder, self._ledger, self._version, is_scheduled)
        for result in self._daemon.client.up([self._folder]):
            self._say(f"version {self._version}: {result['outcome']} {result.get('text', '')}")

    def _open_runs(self) -> list[str]:
        return list(self._daemon.client.project(project.NAME)["open_runs"])

    def _wait_for_something(self) -> None:
        with contextlib.suppress(SkafdError, OSError):
            before = self._daemon.client.changes(seconds=0)
            self._daemon.client.changes(after=before, seconds=0.3)

    def _kill(self) -> None:
        dice = self._dice.random()
        if 0.75 < dice < 0.9:
            self._kill_launcher()
        elif dice >= 0.9:
            self._kill_supervisor()
        if dice < 0.8:
            self._daemon.kill()
            self._count("daemon")

    def _kill_launcher(self) -> None:
        launcher = self._daemon.launcher()
        if launcher is not None and kill_one(self._dice, [launcher]):
            self._count("launcher")

    def _kill_supervisor(self) -> None:
        killed = kill_one(self._dice, self._daemon.supervisors())
        if killed is not None:
            self._killed_supervisors.add(killed)
            self._count("supervisor")

    # --- the end ----------------------------------------------------------------------------------------

    def _come_to_rest(self) -> None:
        """No more is due, and what is open is waited for."""
        if self._daemon.has_ended():
            self._daemon.start()
        self._must(lambda: self._deploy(is_scheduled=False))
        until = time.monotonic() + _QUIET_WITHIN_SECONDS
        number = -1
        while self._open_runs() and time.monotonic() < until:
            number = self._daemon.client.changes(after=number, seconds=5)
        self._say(f"at rest, open: {self._open_runs()}")

    def _end(self) -> None:
        """What is open now has failed the campaign, and must not outlive it either."""
        try:
            if self._daemon.has_ended():
                self._daemon.start()
            self._daemon.stop(end_jobs=bool(self._open_runs()))
        finally:
            self._daemon.kill()

    def _count(self, victim: str) -> None:
        self._kills[victim] += 1
        self._say(f"killed: {victim}")

    def _say(self, what: str) -> None:
        self._trace.append(f"{time.time():.3f} {what}")

    def _elapsed(self) -> float:
        return time.monotonic() - self._began
