"""Runs combinations one after another, several tests at a time, and keeps what came of them."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Combination = dict[str, Any]
CONTEXT = {
    "METAFLOW_USER": "tester",
    "METAFLOW_RUN_BOOL_PARAM": "False",
    "METAFLOW_RUN_NO_DEFAULT_PARAM": "test_str",
    "METAFLOW_DEFAULT_METADATA": "local",
    "LANG": "en_US.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONIOENCODING": "utf_8",
    "SKAFD_METAFLOW_WAIT": "1",
    "SKAFD_METAFLOW_MOST_RETRY_DELAY": "0",
}
"""What Metaflow's context for local runs sets, and that a trigger waits for the end of its run."""
TOP_OPTIONS = (
    "--metadata=local",
    "--datastore=local",
    "--environment=local",
    "--event-logger=nullSidecarLogger",
    "--no-pylint",
    "--quiet",
)
TAGS = ("--tag=\u523a\u8eab means sashimi", "--tag=multiple tags should be ok")
LEFT_OUT = {
    "LargeArtifactTest": "left out by Metaflow's own context for local runs",
    "S3FailureTest": "left out by Metaflow's own context for local runs",
    "CardComponentRefreshTest": "left out by Metaflow's own context for local runs",
    "CardWithRefreshTest": "left out by Metaflow's own context for local runs",
}
CHECKS = ("CliCheck", "MetadataCheck")
CHECKING = Path(__file__).with_name("checking.py")
TIMEOUT_SECONDS = 900


class Queue:
    """Combinations by the size of their graphs. Those of one test are one flow, so they are not run side by side."""

    def __init__(self, combinations: Iterable[Combination]) -> None:
        self._waiting = sorted(combinations, key=lambda one: (one["size"], name_of(one)))
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    def take(self) -> Combination | None:
        """The next one that may be run now, waited for; None when there are no more."""
        with self._changed:
            while self._waiting:
                for combination in self._waiting:
                    if combination["test"] not in self._busy:
                        self._waiting.remove(combination)
                        self._busy.add(combination["test"])
                        return combination
                self._changed.wait()
        return None

    def give_back(self, combination: Combination) -> None:
        """Others of its test may be run."""
        with self._changed:
            self._busy.remove(combination["test"])
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Suite:
    """How each command of a combination is run."""

    python: Path
    environment: dict[str, str]
    results: Path

    def run_all(self, combinations: Iterable[Combination], workers: int) -> list[tuple[Combination, str]]:
        """What went wrong with each combination, nothing where it passed. Small graphs go first."""
        queue = Queue(combinations)
        with ThreadPoolExecutor(workers) as pool:
            done = [pool.submit(self._work, queue) for _ in range(workers)]
        return [one for worker in done for one in worker.result()]

    def _work(self, queue: Queue) -> list[tuple[Combination, str]]:
        found = []
        while combination := queue.take():
            began = time.monotonic()
            problem = self._run(combination)
            found.append((combination, problem))
            self._note(combination, problem, time.monotonic() - began)
            queue.give_back(combination)
        return found

    def _note(self, combination: Combination, problem: str, seconds: float) -> None:
        name = name_of(combination)
        line = {"name": name, "passed": not problem, "seconds": round(seconds, 1), "problem": problem}
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{'passed' if not problem else 'FAILED'}  {seconds:5.1f} s  {name}", flush=True)

    def _run(self, combination: Combination) -> str:
        created = self._flow(combination, "skafd", "create", *TAGS)
        if created.returncode != 0:
            return f"create: {said(created)}"
        run = self._flow(combination, "skafd", "trigger", "--run-id-file", "run-id")
        if run.returncode != 0 and combination["should_resume"]:
            step = [f"--step-to-rerun={combination['resume_step']}"] if combination["resume_step"] else []
            origin = (Path(combination["folder"]) / "run-id").read_text()
            run = self._flow(
                combination, "skafd", "resume", "--run-id-file", "run-id", f"--origin-run-id={origin}", *step
            )
        if (run.returncode != 0) != combination["should_fail"]:
            return f"the run {'failed' if run.returncode else 'did not fail'}: {said(run)}"
        problems = [self._check(combination, check) for check in CHECKS]
        return "\n".join(filter(None, problems))

    def _check(self, combination: Combination, check: str) -> str:
        run_id = (Path(combination["folder"]) / "run-id").read_text()
        done = self._execute(combination, str(CHECKING), "check_flow.py", check, run_id, *TOP_OPTIONS)
        return f"{check}: {said(done)}" if done.returncode else ""

    def _flow(self, combination: Combination, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._execute(combination, "test_flow.py", *TOP_OPTIONS, *arguments)

    def _execute(self, combination: Combination, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), "-B", *arguments],
            cwd=combination["folder"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=TIMEOUT_SECONDS,
        )


def name_of(combination: Combination) -> str:
    """`WideForeachTest/simple-foreach`"""
    return f"{combination['test']}/{combination['graph']}"


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The end of what a command printed."""
    return f"exit code {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}"
