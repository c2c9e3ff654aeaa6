"""`make flows`: Metaflow's tutorials as they are, beside Metaflow itself, and a wide flow whose scheduler is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skafd.metaflow import describing
from tests.support.conda_channel import machine_python, make_channel, noarch_python
from tests.support.flow_projects import FlowProjects, states
from tests.support.installed import Installed
from tests.support.killed_flows import WIDE, kill_daemon_while_wide
from tests.support.s3_server import s3_server

pytestmark = [
    pytest.mark.skipif(not os.environ.get("SKAFD_FLOWS"), reason="long: they belong to `make flows`"),
    pytest.mark.timeout(3600),
]
_FAULT = Path(describing.__file__).parent / "extension/metaflow_extensions/skafd/plugins/skafd_fault.py"
OLDEST = re.search(r'^OLDEST = "(.+)"$', _FAULT.read_text(), re.MULTILINE) or [""]
"""As users are told it."""
TUTORIALS = {
    "00-helloworld": ("helloworld.py", "HelloFlow"),
    "01-playlist": ("playlist.py", "PlayListFlow"),
    "02-statistics": ("stats.py", "MovieStatsFlow"),
    "03-playlist-redux": ("playlist.py", "PlayListFlow"),
}
"""Those of the official ones that need neither a cloud nor conda; the later ones ask the earlier for their runs."""
BY_CHANCE = ("bonus", "playlist", "movies", "genres")
"""What the tutorials draw by lot, or make of a set."""
KILLS = 10


@pytest.fixture
def flows(installed: Installed) -> FlowProjects:
    return FlowProjects(installed)


@pytest.fixture
def tutorials(flows: FlowProjects) -> Iterator[Path]:
    """A copy of what is in the wheel, for each of the two who run it."""
    folder = flows.write("any", "  - {name: nothing, entrypoint: 'true', language: any}\n")
    flows.installed.ok("up", folder, "--detach")
    python = flows.python("any")
    (source,) = python.parent.parent.glob("lib/python3*/site-packages/metaflow/tutorials")
    for who in ("skafd", "metaflow"):
        for name in TUTORIALS:
            shutil.copytree(source / name, flows.installed.projects / who / name)
        (flows.installed.projects / who / ".metaflow").mkdir()
    yield flows.installed.projects


def test_the_tutorials_are_what_metaflow_makes_of_them(flows: FlowProjects, tutorials: Path) -> None:
    for name, (file, flow) in TUTORIALS.items():
        theirs = tutorials / "metaflow" / name
        done = flows.execute(theirs, file, "run")
        assert done.returncode == 0, done.stdout + done.stderr
        ours = tutorials / "skafd" / name
        (ours / "requirements.txt").write_text("metaflow\n")
        (ours / "metis.config.yml").write_text(f"name: t{name}\ntype: metaflow\nentrypoint: {file}\n")
        flows.installed.ok("up", ours, "--detach")
        run = flows.finish(f"t{name}/1")
        assert run["summary"]["state"] == "succeeded", flows.installed.ok("logs", f"t{name}/1")
        assert outline(flows.ask(ours, flow)) == outline(flows.ask(theirs, flow)), name


def outline(said: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same whoever ran it."""
    steps = {step: len(tasks) for step, tasks in said["steps"].items()}
    artifacts = {name: value for name, value in said["artifacts"].items() if name not in BY_CHANCE}
    return {"steps": steps, "artifacts": artifacts, "successful": said["successful"]}


def test_a_flow_of_every_shape_is_the_same_by_metaflow_itself(flows: FlowProjects) -> None:
    jobs = "  - {name: shapes, type: metaflow, entrypoint: shapes.py}\n"
    ours = flows.write("shapes", jobs, copies=("shapes.py",))
    theirs = flows.installed.write_project("native", {})
    theirs.mkdir()
    shutil.copyfile(ours / "shapes.py", theirs / "shapes.py")
    flows.installed.ok("up", ours, "--detach")
    assert flows.finish("shapes/1")["summary"]["state"] == "succeeded"
    done = flows.execute(theirs, "shapes.py", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert outline(flows.ask(ours, "ShapesFlow")) == outline(flows.ask(theirs, "ShapesFlow"))


FAR = """\
from metaflow import FlowSpec, card, current, retry, step

class FarFlow(FlowSpec):
    @step
    def start(self):
        print("a word")
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count == 0 and self.input == 1:
            raise ValueError("the first time")
        self.square = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.square for one in inputs]
        self.next(self.end)

    @card
    @step
    def end(self):
        pass

if __name__ == "__main__":
    FarFlow()
"""


def test_a_datastore_in_s3_is_used_as_it_is_configured(flows: FlowProjects) -> None:
    with s3_server(flows.installed.root, "bucket") as variables:
        settings = {
            **variables,
            "METAFLOW_DEFAULT_DATASTORE": "s3",
            "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow",
            "METAFLOW_S3_ENDPOINT_URL": variables["AWS_ENDPOINT_URL"],
        }
        jobs = f"  - {{name: far, type: metaflow, entrypoint: far.py, on_deploy: wait, env: {json.dumps(settings)}}}\n"
        folder = flows.write("far", jobs, {"requirements.txt": "metaflow\nboto3\n", "far.py": FAR})
        flows.installed.ok("up", folder, "--detach")
        assert flows.run("far")["summary"]["state"] == "succeeded", flows.installed.ok("logs", "far/1")
        flows.installed.environment |= settings
        said = flows.ask(folder, "FarFlow", "--cards")
        assert (said["artifacts"]["squares"], said["stdout"], said["cards"]) == ("[1, 4]", "a word\n", 1)
        flows.installed.ok("run", "--resume", "far/1", "--from-step", "join")
        assert flows.finish("far/2")["summary"]["state"] == "succeeded", flows.installed.ok("logs", "far/2")
        assert flows.ask(folder, "FarFlow")["artifacts"]["squares"] == "[1, 4]"


MAPS = """\
from metaflow import FlowSpec, conda, step

class MapsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.old, self.new)

    @conda(packages={"alpha": "1.0"})
    @step
    def old(self):
        import alpha
        self.version = alpha.version
        self.next(self.join)

    @conda(packages={"alpha": ">=2"})
    @step
    def new(self):
        import alpha
        self.version = alpha.version
        self.next(self.join)

    @step
    def join(self, inputs):
        self.versions = [one.version for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    MapsFlow()
"""


def test_steps_have_packages_of_conda_from_a_channel_in_a_folder(flows: FlowProjects) -> None:
    packages = machine_python(is_whole=True), noarch_python("alpha", "1.0"), noarch_python("alpha", "2.0")
    channel = make_channel(flows.installed.root / "forge", *packages)
    jobs = f"  - {{name: maps, type: metaflow, entrypoint: maps.py, env: {{CONDA_CHANNELS: '{channel}'}}}}\n"
    folder = flows.write("maps", jobs, {"maps.py": MAPS})
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("maps/1")
    assert run["summary"]["state"] == "succeeded", flows.installed.ok("logs", "maps/1")
    assert flows.ask(folder, "MapsFlow")["artifacts"]["versions"] == "['1.0', '2.0']"


def test_the_oldest_metaflow_that_is_supported_runs_a_flow_and_resumes_it(flows: FlowProjects) -> None:
    ledger = flows.installed.root / "ledger"
    jobs = f"  - {{name: old, type: metaflow, entrypoint: old.py, on_deploy: wait, env: {{LEDGER: {ledger}}}}}\n"
    files = {
        "requirements.txt": f"metaflow=={OLDEST[1]}\nsetuptools<81\n",
        "old.py": WIDE.replace('int(os.environ["WIDTH"])', "3"),
    }
    folder = flows.write("old", jobs, files)
    flows.installed.ok("up", folder, "--detach")
    assert flows.run("old")["summary"]["state"] == "succeeded", flows.installed.ok("logs", "old/1")
    flows.installed.ok("run", "--resume", "old/1", "--from-step", "join")
    run = flows.finish("old/2")
    assert (run["summary"]["state"], states(run)["old/work[0]"]) == ("succeeded", "succeeded")
    assert flows.ask(folder, "WideFlow")["artifacts"]["squares"] == "[0, 1, 4]"
    assert len(ledger.read_text().split()) == 3


def test_ten_kills_of_the_daemon_during_a_foreach_of_a_hundred_double_nothing(flows: FlowProjects) -> None:
    kill_daemon_while_wide(flows, width=100, kills=KILLS)
