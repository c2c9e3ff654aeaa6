"""Programs as they were written for Skafos, on the oldest and the newest Python that jobs may have."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.interpreters import NEWEST, OLDEST, need_interpreter
from tests.support.sdk_lab import Lab, lab


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Lab]:
    with lab() as made:
        yield made


@pytest.fixture(params=[OLDEST, NEWEST])
def python(request: pytest.FixtureRequest) -> Path:
    return need_interpreter(request.param)


SAVES_A_MODEL = """
from skafossdk import *
import logging
import pickle

ska = Skafos()
ska.log("Saving model", labels=["model saving"], level=logging.INFO)
model = pickle.dumps({"coefficients": [1, 2]})
saved_model = ska.engine.save_model("LogisticRegression", model, tags=["latest", "Churn"], access="private")
print(saved_model)
answer = saved_model.result()
data = answer["data"]
assert sorted(data) == [
    "deployment_id", "inserted_at", "job_id", "name", "project_token", "tags", "version"
], data
assert data["name"] == "logisticregression"
assert isinstance(data["version"], str) and len(data["version"]) == 13 and data["version"].isdigit()
assert data["tags"] == ["latest", "Churn"] and data["job_id"] == "train" and data["deployment_id"] == "1"
assert data["project_token"] == "churn-token" and data["inserted_at"].endswith("Z") and "T" in data["inserted_at"]
assert (answer["success"], answer["final"]) == (True, True)
"""


def test_a_model_is_saved_and_the_answer_has_its_old_shape(laboratory: Lab, python: Path) -> None:
    printed = laboratory.say(SAVES_A_MODEL, python)
    assert "INFO - [modelsaving] - Saving model" in printed
    assert "<Request at 0x" in printed
    assert "status=" in printed


NEVER_WAITS = """
from skafossdk import *
ska = Skafos()
saved_model = ska.engine.save_model("unawaited", b"the bytes", ["latest"], "private")
ska.engine.save_model("unawaited", b"newer bytes", ["latest"], "public")
"""

LOADS = """
from skafossdk import *
import pickle
ska = Skafos()
loaded = ska.engine.load_model("unAwaited", tag="latest").result()
assert loaded["data"] == b"newer bytes", loaded
version = loaded["meta"]["version"]
assert ska.engine.load_model("unawaited", version=version).result()["data"] == b"newer bytes"
assert ska.engine.load_model("unawaited", version=int(version)).result()["data"] == b"newer bytes"
assert ska.engine.load_model("unawaited").result()["meta"]["tags"] == ["latest"]
"""


def test_what_nobody_waited_for_is_there_for_the_next_program(laboratory: Lab, python: Path) -> None:
    assert laboratory.say(NEVER_WAITS, python) == ""
    laboratory.say(LOADS, python)


FAILS = """
from skafossdk import *
from skafossdk.exceptions import DataEngineError, MissingRequiredParameters, QueueError
ska = Skafos()
ska.engine.load_model("never saved")
try:
    ska.engine.load_model("unawaited", tag="nobody has it").result()
except DataEngineError as error:
    print("caught:", error)
try:
    ska.engine.save_model("wrong", {"not": "bytes"})
except DataEngineError as error:
    print("caught:", error)
try:
    ska.asset_manager.save(name="nothing")
except MissingRequiredParameters as error:
    print("caught:", error)
"""


def test_mistakes_are_said_in_a_sentence_and_what_nobody_caught_is_logged(laboratory: Lab, python: Path) -> None:
    printed = laboratory.say(NEVER_WAITS + FAILS, python)
    assert "caught: no version of the model 'unawaited' has the tag 'nobody has it': there are: " in printed
    assert "caught: save_model takes bytes, not dict: pickle.dumps(model), or ska.artifacts.save" in printed
    assert "caught: asset_manager.save needs name= and files=" in printed
    assert "ERROR - load_model('never saved') failed: there is no model 'never saved'" in printed


REPORTS = """
from skafossdk import *
import decimal
ska = Skafos()
ska.report("accuracy", y=0.75, y_label="accuracy", x=1, x_label="run")
ska.report(name="accuracy", y=decimal.Decimal("0.5"), y_label="accuracy")
ska.report("accuracy", y=[0.25, float("nan")], x=["2018-12-31", "2019-01-01"])
for step in range(500):
    ska.report("steps", step)
try:
    ska.report("accuracy", y="much")
except TypeError as error:
    print("caught:", error)
"""


def test_metrics_are_reported(laboratory: Lab, python: Path) -> None:
    printed = laboratory.say(REPORTS, python)
    assert "caught: the value of the metric 'accuracy' has to be a number, not 'much'" in printed
    with laboratory.daemon.database.reader() as reader:
        project = laboratory.attempt.task.run.project
        accuracy, steps = (reader.metric_series(project, name)[0] for name in ("accuracy", "steps"))
        assert (accuracy.x_label, accuracy.y_label) == ("run", "accuracy")
        points = [(one.x, one.y) for one in reader.metric_points(accuracy.id, 1000)][-4:]
        assert [y for _, y in points] == [0.75, 0.5, 0.25, None]
        assert points[0][0] == 1.0
        assert points[2:] == [("2018-12-31", 0.25), ("2019-01-01", None)]
        assert [one.y for one in reader.metric_points(steps.id, 5000)][-500:] == [float(step) for step in range(500)]


ASSETS = """
from skafossdk import *
import io, zipfile
ska = Skafos()
for name in ("a.txt", "b.txt"):
    with open(name, "w") as file:
        file.write(name)
one = ska.asset_manager.save(name="One", files="a.txt", tags=["latest"], access="public").result()
two = ska.asset_manager.save(name="Two", files=["a.txt", "b.txt"])
print(ska.asset_manager.deliver(name="one", tag="latest", dev=True).result())
assert ska.engine.load_model("one").result()["data"] == b"a.txt"
archive = zipfile.ZipFile(io.BytesIO(ska.engine.load_model("two", tag="latest").result()["data"]))
assert sorted(archive.namelist()) == ["a.txt", "b.txt"]
assert archive.read("b.txt") == b"b.txt"
"""


def test_assets_are_kept_and_nothing_is_delivered(laboratory: Lab, python: Path) -> None:
    printed = laboratory.say(ASSETS, python)
    assert "has no counterpart in skafd, nothing was delivered" in printed
    assert "{}" in printed


ARTIFACTS = """
from skafossdk import *
import datetime, os
ska = Skafos()
value = {"when": datetime.date(2018, 12, 31), "of": [1, 2, 3]}
kept = ska.artifacts.save("value", value)
assert kept.sha256 == ska.artifacts.save("again", value).sha256
assert ska.artifacts.load("value") == value
large = os.urandom(5000000)
with open("large", "wb") as file:
    file.write(large)
ska.artifacts.save_file("large", "large")
ska.artifacts.fetch("large", "copy")
with open("copy", "rb") as file:
    assert file.read() == large
with ska.artifacts.open("large") as stream:
    assert stream.read(10) == large[:10]
ska.artifacts.save("bytes", large)
assert ska.artifacts.load("bytes") == large
assert ska.artifacts.load("value", run=ska.run.number, job="train") == value
for wrong in (lambda: ska.artifacts.load("large"), lambda: ska.artifacts.load("no such"),
              lambda: ska.artifacts.save(" blank ", 1), lambda: ska.artifacts.load("value", run="other/1")):
    try:
        wrong()
    except Exception as error:
        print("caught:", type(error).__name__, error)
"""


def test_artifacts_are_kept_by_their_content(laboratory: Lab, python: Path) -> None:
    printed = laboratory.say(ARTIFACTS, python)
    assert "caught: SkafosError 'large' is a file: artifacts.fetch('large', path) writes it" in printed
    assert "caught: NotFound nothing was kept as 'no such': this project has kept: " in printed
    assert "caught: Refused ' blank ' cannot be the name of a artifact" in printed
    assert "caught: NotFound no project other" in printed


def test_a_program_that_is_no_job_is_told_what_to_do(laboratory: Lab, python: Path, tmp_path: Path) -> None:
    program = "from skafossdk import *\nska = Skafos()\nska.log('goes on')\nska.report('loss', 1)\nska.progress(1, 2)\n"
    nobody = {"SKAFD_TOKEN": "", "SKAFD_SOCKET": "", "SKAFD_HOME": str(tmp_path), "PROJECT_TOKEN": "churn-token"}
    environment = {**laboratory.environment(nobody)}
    for name in ("SKAFD_TOKEN", "SKAFD_SOCKET"):
        del environment[name]
    done = subprocess.run(
        [python, "-c", program], check=True, capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert "goes on" in done.stderr
    assert "what is reported is not kept: nobody answers at" in done.stderr
    assert "start skafd with `skafd up`" in done.stderr
