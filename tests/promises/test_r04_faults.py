"""R4: "the write happened but I was told that it failed", and the reverse, leave one run and not two.

A layer under the store fails in six ways, at the first transaction of every purpose or at a third of all by chance: the
same story ends in the same state as without faults.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.faults import Fault
from tests.support.story import Story, final_state
from tests.support.tortured import Tortured, scaled

PROGRAM = (sys.executable, "-m", "tests.support.faults")
AT_ONCE = 3
ROOT = Path(__file__).resolve().parents[2]


class Insistent(Tortured):
    """Asks again when the database refuses to note that the jobs are to be ended."""

    def finish(self) -> None:
        Story(self, {}).insist(super().finish)


def tell(environment: dict[str, str] | None = None) -> tuple[object, list[str], list[str]]:
    """The story: the state at its end, what ran, and what was refused on the way."""
    with Insistent(environment, program=PROGRAM) if environment else Tortured() as machine:
        story = Story(machine, {})
        story.tell()
        state = story.insist(lambda: final_state(machine))
        return state, sorted(story.ledger.read_text().splitlines()), story.refusals


def check(case: tuple[Fault, str], undisturbed: tuple[object, list[str], list[str]]) -> str | None:
    """What is wrong with the story when writes fail that way."""
    fault, at = case
    environment = {"SKAFD_TEST_FAULT": fault, "SKAFD_TEST_FAULT_AT": at, "PYTHONPATH": f"{ROOT}"}
    try:
        state, noted, refusals = tell(environment)
    except BaseException as error:
        return f"{fault}, {at}: {error} {getattr(error, '__notes__', '')}"
    if (state, noted) != undisturbed[:2]:
        return f"{fault}, {at}: {state} {noted}\ninstead of {undisturbed[:2]}"
    return None if refusals or fault is Fault.SLOW else f"{fault}, {at}: nobody was told"


@pytest.mark.timeout(3600)
def test_a_failing_database_changes_nothing_in_the_end() -> None:
    cases = [(fault, at) for fault in Fault for at in ("first", *(f"seed {one}" for one in range(scaled(1) - 1)))]
    undisturbed = tell()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = [problem for problem in pool.map(lambda case: check(case, undisturbed), cases) if problem]
    assert not problems, "\n\n".join(problems)
