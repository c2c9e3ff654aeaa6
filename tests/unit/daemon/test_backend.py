"""Which run was asked for, when others become due in the same turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skafd.daemon.backend import _name_of_new
from skafd.errors import Refused
from skafd.model.decisions import Decisions, RunRequested
from skafd.model.ids import ProjectId
from skafd.model.run import Cause, CauseKind
from tests.support.stored import new_run

CHURN, OTHER = ProjectId("churn"), ProjectId("other")
MANUAL = Cause(CauseKind.MANUAL)


def test_the_run_by_hand_is_named_not_the_one_that_was_due() -> None:
    due = (new_run(OTHER, 7), new_run(CHURN, 41))
    asked = replace(new_run(CHURN, 42), cause=MANUAL)
    elsewhere = replace(new_run(OTHER, 8), cause=MANUAL)
    decisions = Decisions((*due, elsewhere, asked))
    assert _name_of_new(decisions, RunRequested(CHURN, MANUAL), "churn") == "churn/42"


def test_a_request_that_began_nothing_says_so() -> None:
    with pytest.raises(Refused, match="nothing was started"):
        _name_of_new(Decisions((new_run(CHURN, 41),)), RunRequested(CHURN, MANUAL), "churn")
