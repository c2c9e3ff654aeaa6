"""Lines that jobs logged through the SDK, told from everything else in their logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.api.shapes import LogSource
from skafd.daemon.messages import read_messages
from skafd.errors import Refused

LOG = """\
something printed
2018-12-31 17:30:57,902 - skafossdk.data_engine - INFO - Connecting to DataEngine
2018-12-31 17:30:58,000 - skafossdk.skafos - INFO - [modelsaving][second] - saved [a] - b
2018-12-31 17:30:59,000 - skafossdk.skafos - WARNING - careful
2018-12-31 17:31:00,000 - other.logger - ERROR - not ours
2018-12-31 17:31:01,000 - skafossdk.skafos - Level 35 - [x] - odd
"""


@pytest.fixture
def source(tmp_path: Path) -> LogSource:
    (tmp_path / "log").write_text(LOG)
    return LogSource("churn/42/train", str(tmp_path / "log"), True)


def test_messages_come_with_their_parts(source: LogSource) -> None:
    found = read_messages([source], None, None, 100)
    assert [(one.level, one.labels, one.text) for one in found] == [
        ("INFO", [], "Connecting to DataEngine"),
        ("INFO", ["modelsaving", "second"], "saved [a] - b"),
        ("WARNING", [], "careful"),
        ("Level 35", ["x"], "odd"),
    ]
    assert (found[0].task, found[0].at) == ("churn/42/train", "2018-12-31T17:30:57.902+00:00")
    assert [one.logger for one in found][:2] == ["skafossdk.data_engine", "skafossdk.skafos"]


def test_they_are_chosen_by_level_and_label(source: LogSource) -> None:
    assert [one.text for one in read_messages([source], "warning", None, 100)] == ["careful", "odd"]
    assert [one.text for one in read_messages([source], None, "second", 100)] == ["saved [a] - b"]
    assert [one.text for one in read_messages([source], None, None, 1)] == ["odd"]
    with pytest.raises(Refused, match="'loud' is no level"):
        read_messages([source], "loud", None, 1)


def test_a_log_that_is_not_there_yet_has_none() -> None:
    assert read_messages([LogSource("churn/1/a", "/nowhere/log", False)], None, None, 10) == []
