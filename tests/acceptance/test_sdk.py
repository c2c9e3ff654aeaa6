"""What jobs say and keep, through the installed command: frames and arrays, declared files, lineage, retention."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import skafd.sdk
from tests.support.installed import Installed

SDK = str(Path(skafd.sdk.__file__).parent)

CONFIG = """\
name: kept
requirements: [numpy, pandas, pyarrow]
jobs:
  - name: make
    entrypoint: make.py
    params: {rows: {type: int, default: 1000}}
    outputs: [report.txt, "plots/*.svg"]
  - {name: use, entrypoint: use.py, dependencies: [make]}
  - {name: part, entrypoint: part.py, parallelism: 3, dependencies: [use]}
  - {name: gather, entrypoint: gather.py, dependencies: [part]}
"""
MAKE = """\
from skafossdk import *
import os
import numpy, pandas, pyarrow
ska = Skafos()
frame = pandas.DataFrame({"n": range(ska.params.rows), "t": [str(n) for n in range(ska.params.rows)]})
frame["at"] = pandas.Timestamp("2018-12-31") + pandas.to_timedelta(frame["n"], unit="h")
frame = frame.set_index("t")
ska.artifacts.save("frame", frame)
ska.artifacts.save("odd frame", pandas.DataFrame({"x": [[1, 2], {"a": 1}]}))
ska.artifacts.save("array", numpy.arange(10.0).reshape(2, 5))
ska.artifacts.save("objects", numpy.array([{"a": 1}, None], dtype=object))
ska.artifacts.save("table", pyarrow.table({"a": [1, None]}))
ska.report("size", y=numpy.float32(1.5), x=numpy.int64(3))
ska.report("many", y=numpy.array([1.0, 2.0]))
ska.output(numpy.arange(3))
os.makedirs("plots")
for name in ("report.txt", "plots/a.svg", "plots/b.txt"):
    open(name, "w").write(name)
"""
USE = """\
from skafossdk import *
import numpy, pandas, pyarrow
ska = Skafos()
frame = ska.artifacts.load("frame")
assert frame.index.name == "t" and list(frame.columns) == ["n", "at"] and frame["at"].iloc[1].hour == 1, frame
assert ska.artifacts.load("odd frame")["x"].tolist() == [[1, 2], {"a": 1}]
array = ska.artifacts.load("array")
assert isinstance(array, numpy.ndarray) and (array == numpy.arange(10.0).reshape(2, 5)).all()
assert ska.artifacts.load("objects").tolist() == [{"a": 1}, None]
assert ska.artifacts.load("table").to_pydict() == {"a": [1, None]}
with ska.artifacts.open("plots/a.svg") as stream:
    assert stream.read() == b"plots/a.svg"
assert ska.output_of("make") == [0, 1, 2]
ska.engine.save_model("frame model", b"made of frames", tags=["latest"])
"""
PART = """\
from skafossdk import *
ska = Skafos()
ska.artifacts.save("part", ska.run.instance * 10)
ska.output(ska.run.instance)
ska.log("part %d" % ska.run.instance, labels=["parts"], level="warning")
"""
GATHER = """\
from skafossdk import *
ska = Skafos()
assert ska.artifacts.load_all("part") == [0, 10, 20]
assert ska.artifacts.load("part", instance=1) == 10
assert ska.output_of("part") == [0, 1, 2]
try:
    ska.artifacts.load("part")
except Exception as error:
    print(error)
"""
FORMS = {
    "frame": "pandas",
    "odd frame": "pickle",
    "array": "npy",
    "objects": "pickle",
    "table": "arrow",
    "report.txt": "file",
    "plots/a.svg": "file",
}


def test_values_pass_from_job_to_job_in_their_own_forms_and_it_is_known_who_made_what_of_what(
    installed: Installed,
) -> None:
    files = {"metis.config.yml": CONFIG, "make.py": MAKE, "use.py": USE, "part.py": PART, "gather.py": GATHER}
    folder = installed.write_project("kept", files)
    installed.ok("up", folder, "--detach")
    run = installed.wait_for_run("kept/1")
    assert run["summary"]["state"] == "succeeded", installed.ok("logs", "kept/1")
    assert "3 instances have kept 'part': say which: instance=..., or load_all(name) for a list" in installed.ok(
        "logs", "kept/1/gather"
    )
    kept = installed.json("show", "kept/1", "--artifacts")
    assert {one["name"]: one["form"] for one in kept["artifacts"] if one["name"] != "part"} == FORMS
    read = {(one["task"], one["kind"], one["name"]) for one in kept["inputs"] if one["task"] == "kept/1/use"}
    assert ("kept/1/use", "artifact", "frame") in read
    assert ("kept/1/use", "output", "output") in read
    model = installed.json("models", "show", "kept", "Frame Model")
    assert (model["task"], {one["made_by"] for one in model["made_of"]}) == ("kept/1/use", {"kept/1/make"})
    make = next(one for one in kept["records"] if one["task"] == "kept/1/make")
    assert make["parameters"] == {"rows": "1000"}
    assert any(package.startswith("pandas==") for package in make["packages"])
    series = installed.json("metrics", "kept", "size")[0]
    assert [(point["x"], point["y"]) for point in series["points"]] == [(3.0, 1.5)]
    chosen = installed.ok("logs", "kept/1", "--label", "parts", "--level", "warning").splitlines()
    assert sorted(line.split(" ", 4)[-1] for line in chosen) == [f"[parts] part {number}" for number in range(3)]
    _check_notebook(installed)


NOTEBOOK = """\
from skafossdk import *
ska = Skafos()
assert not ska.run
kept = ska.artifacts.save("by hand", [1])
assert ska.artifacts.load("by hand") == [1]
assert ska.artifacts.load("part", run=1, instance=2) == 20
answer = ska.engine.save_model("By Hand", b"1").result()["data"]
assert (answer["job_id"], answer["deployment_id"]) == ("", "")
print(ska.engine.load_model("frame model", tag="latest").result()["data"].decode())
"""


def _check_notebook(installed: Installed) -> None:
    """A program in the project's folder, which is no job, talks to the same daemon."""
    environment = {**installed.environment, "PYTHONPATH": SDK, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK],
        check=False,
        capture_output=True,
        text=True,
        cwd=installed.projects / "kept",
        env=environment,
    )
    assert (done.returncode, done.stdout) == (0, "made of frames\n"), done.stderr
    assert json.loads(installed.ok("models", "show", "kept", "by hand", "--json"))["task"] == ""


COUNTS = """\
from skafossdk import *
import time, os
ska = Skafos()
for step in range(3):
    ska.progress(step + 1, 3, "step %d" % step)
    while not os.path.exists(os.path.join(os.environ["GATES"], str(step))):
        time.sleep(0.02)
"""


def test_how_far_a_job_is_is_seen_while_it_runs(installed: Installed) -> None:
    gates = installed.root / "gates"
    gates.mkdir()
    config = f"name: slow\nenv: {{GATES: {gates}}}\njobs: [{{name: count, entrypoint: count.py}}]\n"
    folder = installed.write_project("slow", {"metis.config.yml": config, "count.py": COUNTS})
    installed.ok("up", folder, "--detach")
    for step in range(3):
        expected = f"{(step + 1) / 3:.0%} ({step + 1} of 3), step {step}"
        installed.wait_for(expected, lambda expected=expected: expected in installed.ok("status"))
        (gates / str(step)).touch()
    installed.wait_for_run("slow/1")
    (job,) = installed.project("slow")["jobs"]
    assert job["progress"] is None
