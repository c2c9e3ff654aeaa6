"""Notebooks read back what real runs made, tag them and tell them apart by who asked."""

from __future__ import annotations

from skafd import Client, namespace
from tests.support.installed import Installed

CONFIG = """\
name: small
jobs:
  - {name: make, entrypoint: make.py, on_deploy: wait, params: {size: {type: int, default: 3}}}
  - {name: use, entrypoint: use.py, dependencies: [make]}
"""
MAKE = """\
from skafossdk import *
ska = Skafos()
ska.artifacts.save("model", {"size": ska.params.size})
open("big.bin", "wb").write(b"x" * 3000000)
ska.artifacts.save_file("big", "big.bin")
for value in (0.5, 0.25):
    ska.report("loss", y=value / ska.params.size)
ska.output([ska.params.size])
print("made")
"""


def test_a_notebook_reads_back_what_runs_made(installed: Installed) -> None:
    files = {"metis.config.yml": CONFIG, "make.py": MAKE, "use.py": "print('used')\n"}
    folder = installed.write_project("small", files)
    installed.ok("up", folder)
    installed.environment["SKAFD_USER"] = "will"
    installed.ok("run", "small", "--wait")
    installed.environment["SKAFD_USER"] = "ann"
    installed.ok("run", "small", "--wait", "--param", "size=5")
    assert installed.ok("tag", "small/1", "+baseline") == "small/1: baseline\n"
    for wrong, said in (("-nope", "small/1 has no tag 'nope'"), ("+-x", "a tag cannot begin with -"), ("+", "tag")):
        refused = installed.command("tag", "small/1", "+other", wrong)
        assert refused.returncode != 0 and said in refused.stderr, refused
    assert installed.ok("tag", "small/1") == "small/1: baseline\n"
    assert "no namespace" in installed.command("runs", "small", "--namespace", "will").stderr

    project = Client(installed.home).project("small")
    run = project.latest_successful_run
    make = run["make"]
    assert (run.name, run.user, run.parameters, make.parameters) == ("small/2", "ann", {"size": "5"}, {"size": "5"})
    assert (make.artifacts.model, make.output, make.metrics["loss"].y) == ({"size": 5}, [5], [0.1, 0.05])
    assert run["use"].logs() == "used\n"
    assert (run.code / "make.py").read_text() == MAKE
    big = run.artifacts.artifact("big").download(installed.root / "big.bin")
    assert big.read_bytes() == b"x" * 3_000_000
    assert [one.name for one in project.runs(tag="baseline")] == ["small/1"]
    try:
        namespace("user:will")
        assert project.latest_run.artifacts.model == {"size": 3}
        assert project.latest_run["make"].parameters == {"size": "3"}
    finally:
        namespace(None)

    installed.ok("retry", "small/2/use")
    installed.wait_for_run("small/3")
    resumed = project.latest_run
    assert (resumed.name, resumed.user, resumed["make"].origin.name) == ("small/3", "ann", "small/2/make")
    assert resumed["make"].artifacts.model == resumed.artifacts.model == {"size": 5}
    assert (resumed["make"].output, resumed["make"].parameters, resumed["make"].logs()) == (
        [5],
        {"size": "5"},
        "made\n",
    )
    assert resumed.metrics["loss"].y == [0.1, 0.05]

    # Of what was kept from small/2, the metrics and artifacts of there are compared.
    found, through = project[1].diff(run), project[1].diff(resumed)
    for what in ("metrics", "artifacts", "notes"):
        assert through[what] == found[what]
    assert found["code"] == found["packages"] == found["notes"] == []
    assert found["parameters"] == [{"name": "size", "first": "3", "second": "5"}]
    assert [one["name"] for one in found["artifacts"]] == ["model"]
    assert [(one["name"], one["second"]) for one in found["metrics"]] == [("loss", 0.05)]
    (folder / "use.py").write_text("print('used again')\n")
    installed.ok("up", folder)
    installed.ok("run", "small", "--wait")
    said = installed.ok("diff", "small/1", "small/4")
    assert "-print('used')" in said and "+print('used again')" in said
    assert "parameters: the same" in said and "artifacts, by sha256: the same" in said
