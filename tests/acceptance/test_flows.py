"""Flows of Metaflow's, untouched, as jobs of skafd."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.flow_projects import FlowProjects, attempts, states
from tests.support.installed import Installed

SHAPES = "  - {name: shapes, type: metaflow, entrypoint: shapes.py, on_deploy: wait}\n"
BROKEN = """\
from metaflow import FlowSpec, step

class BrokenFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.nowhere)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    BrokenFlow()
"""
HUNGRY = """\
from metaflow import FlowSpec, catch, resources, retry, step

class HungryFlow(FlowSpec):
    @resources(memory=128)
    @retry(times=1, minutes_between_retries=0)
    @catch(var="problem")
    @step
    def start(self):
        data = bytearray(512 * 2**20)
        self.size = len(data)
        self.next(self.end)

    @step
    def end(self):
        print("caught", self.problem is not None)

if __name__ == "__main__":
    HungryFlow()
"""
AFTER = """\
from metaflow import Flow
run = Flow("HungryFlow").latest_run
print(run.id, run.successful, run.data.problem.type, run.end_task.stdout)
"""


@pytest.fixture
def flows(installed: Installed) -> FlowProjects:
    return FlowProjects(installed)


def test_a_flow_of_every_shape_is_what_metaflow_would_have_made_of_it(flows: FlowProjects) -> None:
    folder = flows.write("shapes", SHAPES, copies=("shapes.py",))
    flows.installed.ok("up", folder, "--detach")
    run = flows.run("shapes", "--param", "day=tuesday")
    assert run["summary"]["state"] == "succeeded"
    counted = Counter(name.removeprefix("shapes/").split("[")[0] for name in states(run))
    several = {"fan": 2, "fan_in": 2, "right": 3, "work": 6}
    once = ("_parameters", "start", "left", "left_done", "choose", "small", "join", "before", "train", "gather", "end")
    assert counted == several | dict.fromkeys(once, 1)
    said = flows.ask(folder, "ShapesFlow", "--cards")
    assert (said["finished"], said["successful"], said["cards"]) == (True, True, 1)
    assert said["artifacts"] == {
        "name": "'ShapesFlow'",
        "width": "2",
        "labels": "{'a': 1}",
        "day": "'tuesday'",
        "all_values": "[[0, 2, 4], [20, 22, None]]",
        "all_tries": "[[0, 1, 0], [0, 0, 1]]",
        "count": "3",
        "size": "'small'",
        "nodes": "[0, 1]",
        "seen": "('tuesday', {'a': 1}, 2)",
    }
    assert said["steps"]["work"] == [0, 0, 1, 1, 2, 2]
    assert said["steps"]["train"] == [0, 1]
    assert (said["stdout"], said["stderr"]) == ("a word\n", "another\n")
    assert "runtime:skafd" in said["tags"]
    assert "user:ada" in said["tags"]
    name = next(name for name, metadata in said["metadata"].items() if metadata["skafd-task"].endswith("/end"))
    assert said["metadata"][name]["skafd-task"] == f"{run['summary']['run']}/shapes/end"
    assert said["metadata"][name]["skafd-attempt"] == "1"
    assert len(said["parents"][next(name for name in said["parents"] if name.startswith("gather/"))]) == 2


def test_memory_that_runs_out_is_retried_then_caught_and_chained_on(flows: FlowProjects) -> None:
    jobs = (
        "  - {name: before, entrypoint: 'echo first', language: any}\n"
        "  - {name: hungry, type: metaflow, entrypoint: hungry.py, dependencies: [before]}\n"
        "  - {name: after, entrypoint: after.py, dependencies: [hungry]}\n"
    )
    folder = flows.write("chain", jobs, {"hungry.py": HUNGRY, "after.py": AFTER})
    flows.installed.ok("up", folder, "--detach")
    run = flows.installed.wait_for_run("chain/1")
    assert run["summary"]["state"] == "succeeded"
    assert attempts(run, "hungry/start") == ["oom_killed", "oom_killed", "succeeded"]
    (start,) = [task for task in run["tasks"] if task["task"].endswith("/start")]
    killed = start["attempts"][0]
    assert killed["limit_memory_bytes"] == 128 * 2**20
    assert killed["evidence"]["kind"] == "OomKilled"
    assert states(run)["after"] == "succeeded"
    assert "FailureHandledByCatch caught True" in flows.installed.ok("logs", "chain/1/after")


def test_a_flow_that_cannot_be_is_refused_with_its_line_and_mended_by_a_save(flows: FlowProjects) -> None:
    jobs = "  - {name: flow, type: metaflow, entrypoint: flow.py, on_deploy: wait}\n"
    folder = flows.write("broken", jobs, {"flow.py": BROKEN})
    refused = flows.installed.command("up", folder, "--detach")
    assert refused.returncode != 0
    assert "flow.py:6: the flow cannot be deployed" in refused.stdout + refused.stderr
    assert "nowhere" in refused.stdout + refused.stderr
    mended = BROKEN.replace("nowhere", "end").replace("import FlowSpec", "import FlowSpec, schedule")
    (folder / "flow.py").write_text(mended.replace("class ", "@schedule(hourly=True)\nclass "))
    flows.installed.wait_for("the flow to be live", lambda: flows.installed.project("broken")["deployment"])
    (job,) = flows.installed.project("broken")["jobs"]
    assert job["schedule"] == "0 * * * *"
