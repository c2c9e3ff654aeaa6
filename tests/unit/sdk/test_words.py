"""What programs read of their surroundings, and the lines that they log."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

import skafd.sdk
from skafd.sdk.skafossdk import exceptions
from skafd.sdk.skafossdk.outputs import LONGEST_BYTES, publish
from skafd.sdk.skafossdk.parameters import Parameters
from skafd.sdk.skafossdk.surroundings import Surroundings
from skafd.sdk.skafossdk.this_run import Run
from tests.support.interpreters import NEWEST, OLDEST, need_interpreter

SDK = Path(skafd.sdk.__file__).parent


def test_parameters_have_their_types_and_say_what_there_is() -> None:
    given = Parameters({"SKAFD_PARAMS": '{"epochs": 10, "learning-rate": 0.5}'})
    assert (given.epochs, given["epochs"], given.learning_rate, dict(given)) == (
        10,
        10,
        0.5,
        {"epochs": 10, "learning-rate": 0.5},
    )
    with pytest.raises(AttributeError, match=r"no parameter 'depth' \(it has: epochs, learning-rate\)"):
        given.depth  # noqa: B018
    assert not Parameters({})


def test_a_run_knows_itself() -> None:
    run = Run(
        {
            "SKAFD_RUN": "churn/42",
            "SKAFD_TASK": "churn/42/train[3]",
            "SKAFD_INSTANCE": "3",
            "SKAFD_OCCURRENCE": "2030-01-01T12:00:00.250000+00:00",
            "SKAFD_UPSTREAM_FAILED": "ingest,load all",
        }
    )
    assert (run.number, run.instance, run.upstream_failed) == (42, 3, ["ingest", "load all"])
    assert run.occurrence == datetime(2030, 1, 1, 12, 0, 0, 250000, tzinfo=UTC)
    assert bool(run)
    assert not Run({})


def test_an_output_is_json_and_small(tmp_path: Path) -> None:
    around = Surroundings(None, {"SKAFD_OUTPUT": str(tmp_path / "output.json")})
    publish(around, {"when": datetime(2030, 1, 1), "of": (1, 2)})
    assert (tmp_path / "output.json").read_text() == '{"when": "2030-01-01T00:00:00", "of": [1, 2]}'
    with pytest.raises(exceptions.SkafosError, match="JSON has no object"):
        publish(around, object())
    with pytest.raises(exceptions.SkafosError, match="at most 1048576 bytes"):
        publish(around, "x" * LONGEST_BYTES)
    assert [path.name for path in tmp_path.iterdir()] == ["output.json"]


def test_outside_of_skafd_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    around = Surroundings(None, {"SKAFD_HOME": str(tmp_path)})
    with pytest.raises(exceptions.Unreachable, match=r"no metis.config.yml here or above: say Skafos\(project_token"):
        around.daemon()
    (tmp_path / "metis.config.yml").write_text("project_token: 5c1e8a0b7d4f2936e1a7c9d3\njobs: []\n")
    with pytest.raises(exceptions.Unreachable, match="start skafd with `skafd up`"):
        around.daemon()


def test_a_missing_variable_is_named_as_it_always_was() -> None:
    assert str(exceptions.EnvVarNotFound("KEYSPACE")) == "Environmnet variable, KEYSPACE, is not set"


PROGRAM = """\
import logging
from skafossdk import *
from skafossdk.exceptions import QueueError
logging.basicConfig(level=logging.DEBUG)
ska = Skafos()
Skafos()
ska.log("saved", labels=["model saving", "second"])
ska.log({"rows": 3})
ska.log("careful", ["x"], logging.WARNING)
ska.log("first\\nsecond", level="error")
assert DataSourceType.Cassandra
"""


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_lines_look_as_they_always_have(version: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1"}
    python = str(need_interpreter(version))
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM], check=True, capture_output=True, text=True, env=environment
    )
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - skafossdk\.skafos - "
    lines = done.stderr.splitlines()
    expected = [
        r"INFO - \[modelsaving\]\[second\] - saved",
        r"INFO - \{'rows': 3\}",
        r"WARNING - \[x\] - careful",
        "ERROR - first",
        "ERROR - second",
    ]
    assert len(lines) == len(expected), lines
    for line, form in zip(lines, expected, strict=True):
        assert re.fullmatch(stamp + form, line), line
