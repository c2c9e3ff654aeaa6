"""What is said of a failed resolution: with what to do where that can be told, and else as it was."""

from __future__ import annotations

from pathlib import Path

from skafd.environments.explain import explained
from skafd.environments.requirements import Requirements
from skafd.environments.wanted import Wanted
from skafd.errors import BuildError


def test_an_error_of_which_nothing_is_known_is_the_same_and_never_its_own_cause() -> None:
    error = BuildError("no idea", "none")
    found = explained(error, Wanted(Path("/snapshot"), Requirements()))
    assert (found.message, found.hint) == ("no idea", "none")
    # Raised from the first, it would be a circle for whoever follows the causes, and that never ends.
    assert found is not error
