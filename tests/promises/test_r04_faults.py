"""R4: "the write happened but I was told that it failed", and the reverse, leave one run and not two.

A layer under the store fails in six ways, at the first transaction of every purpose or at a third of all by chance: the
same story ends in the same state as without faults.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.faults import Fault
from tests.support.story import Story, final_state
from tests.support.tortured import Tortured, scaled

PROGRAM = (sys.executable, "-m", "tests.support.faults")
ROOT = Path(__file__).resolve().parents[2]


def tell(environment: dict[str, str] | None = None) -> tuple[object, list[str], list[str]]:
    """The story: the state at its end, what ran, and what was refused on the way."""
    with Tortured(environment, program=PROGRAM) if environment else Tortured() as machine:
        story = Story(machine, {})
        story.tell()
        state = story.insist(lambda: final_state(machine))
        return state, sorted(story.ledger.read_text().splitlines()), story.refusals


@pytest.fixture(scope="module")
def undisturbed() -> tuple[object, list[str], list[str]]:
    return tell()


@pytest.mark.parametrize("at", ["first", *(f"seed {number}" for number in range(scaled(1)))])
@pytest.mark.parametrize("fault", Fault)
def test_a_failing_database_changes_nothing_in_the_end(
    fault: Fault, at: str, undisturbed: tuple[object, list[str], list[str]]
) -> None:
    environment = {"SKAFD_TEST_FAULT": fault, "SKAFD_TEST_FAULT_AT": at, "PYTHONPATH": f"{ROOT}"}
    state, noted, refusals = tell(environment)
    assert (state, noted) == undisturbed[:2]
    assert refusals or fault is Fault.SLOW, "what failed was said to whoever asked"
