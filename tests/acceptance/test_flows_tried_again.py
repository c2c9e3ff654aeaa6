"""Steps of flows that are tried again, and what `@catch` makes of them."""

from __future__ import annotations

from tests.support.flow_projects import FlowProjects, attempts, states

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
BEREFT = """\
import os
import sys
import time

from metaflow import FlowSpec, catch, step

class BereftFlow(FlowSpec):
    @step
    def start(self):
        os.remove(os.path.join(sys.prefix, "bin", "metaflow"))
        time.sleep(0.5)  # Somebody has looked at it, and does not look again so soon.
        self.next(self.work)

    @catch(var="problem")
    @step
    def work(self):
        self.value = 7
        self.next(self.end)

    @step
    def end(self):
        print("value", self.value, "caught", self.problem)

if __name__ == "__main__":
    BereftFlow()
"""
AFTER = """\
from metaflow import Flow
run = Flow("HungryFlow").latest_run
print(run.id, run.successful, run.data.problem.type, run.end_task.stdout)
"""


def test_memory_that_runs_out_is_retried_then_caught_and_chained_on(flows: FlowProjects) -> None:
    jobs = (
        "  - {name: before, entrypoint: 'echo first', language: any}\n"
        "  - {name: hungry, type: metaflow, entrypoint: hungry.py, dependencies: [before]}\n"
        "  - {name: after, entrypoint: after.py, dependencies: [hungry]}\n"
    )
    folder = flows.write("chain", jobs, {"hungry.py": HUNGRY, "after.py": AFTER})
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("chain/1")
    assert run["summary"]["state"] == "succeeded"
    assert attempts(run, "hungry/start") == ["oom_killed", "oom_killed", "succeeded"]
    (start,) = [task for task in run["tasks"] if task["task"].endswith("/start")]
    killed = start["attempts"][0]
    assert killed["limit_memory_bytes"] == 128 * 2**20
    assert killed["peak_memory_bytes"] <= 128 * 2**20
    assert start["attempts"][-1]["start"] == "warm", [one["start"] for one in start["attempts"]]
    assert "warm start" in flows.installed.ok("show", "chain/1")
    assert killed["evidence"]["kind"] == "OomKilled"
    assert states(run)["after"] == "succeeded"
    assert "FailureHandledByCatch caught True" in flows.installed.ok("logs", "chain/1/after")


def test_a_step_that_waited_for_its_environment_runs_its_own_code_and_is_not_given_up(flows: FlowProjects) -> None:
    folder = flows.write("bereft", "  - {name: it, type: metaflow, entrypoint: bereft.py}\n", {"bereft.py": BEREFT})
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("bereft/1")
    assert run["summary"]["state"] == "succeeded"
    *waited, last = attempts(run, "it/work")
    assert (set(waited), last) == ({"failed"}, "succeeded")
    assert "value 7 caught None" in flows.installed.ok("logs", "bereft/1/it/end")
