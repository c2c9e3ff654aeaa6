"""Flows of Metaflow's, untouched, as jobs of skafd."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections import Counter

import psutil
import pytest

from skafd.api.client import Client
from tests.support.flow_projects import FlowProjects, attempts, states
from tests.support.installed import SKAFD, Installed
from tests.support.killed_flows import kill_daemon_while_wide

SHAPES = "  - {name: shapes, type: metaflow, entrypoint: shapes.py, on_deploy: wait}\n"
NOTHING = "  - {name: nothing, entrypoint: 'true', language: any}\n"
"""For an environment with metaflow."""
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
FRAGILE = """\
import os
import time

from metaflow import FlowSpec, step

class FragileFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(4))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.value = self.input * self.input
        while os.path.exists("data/wait"):
            time.sleep(0.1)
        if self.input == 2 and os.path.exists("data/fail"):
            raise RuntimeError("not yet")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    FragileFlow()
"""
FOLLOWING = """\
from metaflow import FlowSpec, current, step, trigger_on_finish

@trigger_on_finish(flow="FragileFlow")
class FollowingFlow(FlowSpec):
    @step
    def start(self):
        self.seen = current.trigger.run.data.values
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    FollowingFlow()
"""
PACKED = """\
from metaflow import FlowSpec, pypi, step

class PackedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.old)

    @pypi(packages={"six": "1.16.0"})
    @step
    def old(self):
        import six
        self.version = six.__version__
        self.next(self.end)

    @step
    def end(self):
        import six
        self.versions = (self.version, six.__version__)

if __name__ == "__main__":
    PackedFlow()
"""
GREET = """\
import sys

from metaflow import FlowSpec, Parameter, step

class GreetFlow(FlowSpec):
    who = Parameter("who", default="world")

    @step
    def start(self):
        with open("words.txt") as file:
            self.greeting = file.read().strip() + " " + self.who
        self.next(self.end)

    @step
    def end(self):
        print(self.greeting)
        sys.stdout.buffer.write(b"no text: \\xff\\n")

if __name__ == "__main__":
    GreetFlow()
"""
DEPLOY = """\
from metaflow import Deployer
run = Deployer("greet $1.py", show_output=False).skafd().create().trigger(who="grace")
run.wait_for_completion(timeout=300)
print(run.status, run.run.data.greeting)
"""
FIND = """\
from metaflow import DeployedFlow
(found,) = DeployedFlow.list_skafd(flow_name="GreetFlow")
print(found.name, found.production_token, len(list(found.runs())))
run = DeployedFlow.from_deployment(found.name, impl="skafd").resume(step_to_rerun="end", who="edith")
run.wait_for_completion(timeout=300)
again = DeployedFlow.get_triggered_skafd_run(found.name, run.run.id)
print(again.status, run.run.data.who, run.run.data.greeting)
"""
BOTH = """\
from metaflow import FlowSpec, Parameter, current, step, trigger

@trigger(events=["orders", "prices"])
class BothFlow(FlowSpec):
    day = Parameter("day", default="monday")

    @step
    def start(self):
        self.seen = sorted(event.name for event in current.trigger.events)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    BothFlow()
"""
TELLING = """\
from metaflow import FlowSpec, step
from metaflow.integrations import ArgoEvent

class TellingFlow(FlowSpec):
    @step
    def start(self):
        self.first = ArgoEvent("orders", payload={"day": "wednesday", "rows": 3}).publish()
        self.next(self.end)

    @step
    def end(self):
        self.second = ArgoEvent(name="prices").add_to_payload("currency", "EUR").safe_publish(ignore_errors=False)

if __name__ == "__main__":
    TellingFlow()
"""
PUBLISH = """\
from metaflow.integrations import ArgoEvent
print(ArgoEvent("orders").safe_publish(), ArgoEvent("orders").publish({"day": "friday"}, ignore_errors=False))
"""
PROD = """\
from metaflow import FlowSpec, current, get_namespace, project, step

@project(name="churn")
class ProdFlow(FlowSpec):
    @step
    def start(self):
        self.seen = (get_namespace(), current.branch_name)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    ProdFlow()
"""


AWAY = """\
from metaflow.decorators import StepDecorator

class AwayDecorator(StepDecorator):
    name = "batch"

    def runtime_init(self, flow, graph, package, run_id):
        self.package, self.run_id = package, run_id

    def runtime_task_created(self, task_datastore, task_id, split_index, input_paths, is_cloned, ubf_context):
        assert self.package is not None and not is_cloned

    def runtime_step_cli(self, cli_args, retry_count, max_user_code_retries, ubf_context):
        cli_args.entrypoint[:0] = ["env", "-u", "SKAFD_OUTPUT", "AWAY_FROM=" + self.run_id]
        cli_args.env["AWAY_ATTEMPT"] = str(retry_count)
"""
HYBRID = """\
import os

from metaflow import FlowSpec, batch, current, resources, retry, step

class HybridFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.away)

    @batch
    @retry(times=1, minutes_between_retries=0)
    @resources(memory=1)
    @step
    def away(self):
        assert os.environ["AWAY_FROM"] == current.run_id
        if os.environ["AWAY_ATTEMPT"] == "0":
            raise ValueError("the first time")
        self.items = ["a", "b"]
        self.next(self.here, foreach="items")

    @step
    def here(self):
        self.seen = self.input + os.environ.get("AWAY_FROM", "")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    HybridFlow()
"""


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
    kept = {
        step["task"].split("/", 3)[3]: step for step in flows.installed.json("show", "shapes/1", "--artifacts")["steps"]
    }
    assert {"name": "size", "type": "str", "size_bytes": 20} in kept["end"]["artifacts"]
    assert sum(len(step["cards"]) for step in kept.values()) == 1
    of_one = Client(flows.installed.home / "api.sock").kept("shapes/1", "shapes/1/shapes/end")
    assert [step["task"] for step in of_one["steps"]] == ["shapes/1/shapes/end"]
    assert list(of_one["outputs"]) == ["shapes/1/shapes/end"]
    name = next(name for name, metadata in said["metadata"].items() if metadata["skafd-task"].endswith("/end"))
    assert said["metadata"][name]["skafd-task"] == f"{run['summary']['run']}/shapes/end"
    assert said["metadata"][name]["skafd-attempt"] == "1"
    assert len(said["parents"][next(name for name in said["parents"] if name.startswith("gather/"))]) == 2


def test_what_is_hard_on_whoever_runs_it_is_what_metaflow_would_have_made_of_it(flows: FlowProjects) -> None:
    jobs = "  - {name: hard, type: metaflow, entrypoint: hard.py}\n"
    folder = flows.write("hard", jobs, copies=("hard.py",))
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("hard/1")
    assert run["summary"]["state"] == "succeeded", flows.installed.ok("logs", "hard/1")
    said = flows.ask(folder, "HardFlow")
    lost = dict.fromkeys(("raises", "exits", "ends", "killed", "asked", "slow"), "MetaflowExceptionWrapper")
    assert said["artifacts"] == {
        "name": "'HardFlow'",
        "pool": "[0, 1, 4]",
        "spawned": "[81]",
        "from_thread": "'__main__'",
        "mapped": "[2, 3]",
        "answer": "'answered'",
        "ends": repr(dict(sorted({**lost, "fine": "fine words", "once": "once words"}.items()))),
    }
    tried = [count for task, count in said["attempts"].items() if task.startswith("body/")]
    assert sorted(tried) == [0, 1, 1, 1, 2, 2, 2, 2]
    assert said["stdout"] == "bye\n"


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


def test_a_resumed_flow_keeps_what_succeeded_survives_kills_and_sets_off_the_next(flows: FlowProjects) -> None:
    jobs = (
        "  - {name: fragile, type: metaflow, entrypoint: fragile.py, on_deploy: wait, max_parallel: 2}\n"
        "  - {name: following, type: metaflow, entrypoint: following.py}\n"
    )
    files = {"fragile.py": FRAGILE, "following.py": FOLLOWING, "data/fail": "", ".gitignore": "data/\n"}
    folder = flows.write("kept", jobs, files)
    live = flows.installed
    live.ok("up", folder, "--detach")
    assert live.project("kept")["jobs"][1]["next_at"] is None
    assert flows.run("kept", "fragile")["summary"]["state"] == "failed"
    assert "RuntimeError: not yet" in live.ok("logs", "kept/1/fragile/work[2]")
    assert "kept/1/fragile/work[2] failed: exit code 1" in live.ok("why", "kept/1/fragile/work")
    (folder / "data" / "fail").unlink()
    (folder / "data" / "wait").touch()
    live.ok("run", "--resume", "kept/1", "--latest")
    live.wait_for("the step to run", lambda: states(live.show("kept/2")).get("fragile/work[2]") == "running")
    for _ in range(3):
        kill_daemon(live)
        live.ok("up", "--detach")
    (folder / "data" / "wait").unlink()
    resumed = flows.finish("kept/2")
    assert resumed["summary"]["state"] == "succeeded"
    tried = {task["task"].split("/", 3)[3]: len(task["attempts"]) for task in resumed["tasks"]}
    assert (tried["start"], tried["work[2]"], tried["gather"]) == (0, 1, 1)
    said = flows.ask(folder, "FragileFlow")
    assert (said["successful"], said["artifacts"]["values"]) == (True, "[0, 1, 4, 9]")
    following = flows.finish("kept/3")
    assert (following["summary"]["cause"], following["summary"]["state"]) == ("event", "succeeded"), live.ok(
        "logs", "kept/3"
    )
    assert flows.ask(folder, "FollowingFlow")["artifacts"]["seen"] == "[0, 1, 4, 9]"


def test_a_step_may_have_packages_of_its_own(flows: FlowProjects) -> None:
    jobs = "  - {name: packed, type: metaflow, entrypoint: packed.py}\n"
    files = {"packed.py": PACKED, "requirements.txt": "metaflow\nsix==1.17.0\n"}
    folder = flows.write("packed", jobs, files)
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("packed/1")
    assert run["summary"]["state"] == "succeeded", flows.installed.ok("logs", "packed/1")
    assert flows.ask(folder, "PackedFlow")["artifacts"]["versions"] == "('1.16.0', '1.17.0')"


def test_a_flow_is_deployed_and_run_by_its_own_command_line_and_by_deployer(flows: FlowProjects) -> None:
    folder = flows.write("own", NOTHING, {"greet $1.py": GREET, "words.txt": "hello\n"})
    live = flows.installed
    live.ok("up", folder, "--detach")  # for an environment with metaflow
    live.environment["PYTHONPATH"] = live.ok("metaflow").strip()
    live.environment["SKAFD_PROGRAM"] = str(SKAFD)
    created = flows.execute(folder, "greet $1.py", "skafd", "create", "--tag", "nightly")
    assert created.returncode == 0, created.stderr
    live.environment["SKAFD_METAFLOW_WAIT"] = "1"
    triggered = flows.execute(folder, "greet $1.py", "skafd", "trigger", "--who", "ada", "--run-id-file", "id")
    assert triggered.returncode == 0, triggered.stderr
    run_id = (folder / "id").read_text()
    assert "succeeded" in flows.execute(folder, "greet $1.py", "skafd", "status", run_id).stdout
    assert "hello ada" in flows.execute(folder, "greet $1.py", "skafd", "logs", run_id, "end").stdout
    said = flows.ask(folder, "GreetFlow")
    assert (said["run"], said["artifacts"]["greeting"]) == (run_id, "'hello ada'")
    assert "nightly" in said["tags"]
    del live.environment["SKAFD_METAFLOW_WAIT"]
    done = flows.execute(folder, "-c", DEPLOY)
    assert done.stdout.splitlines()[-1] == "succeeded hello grace", done.stdout + done.stderr
    found = flows.execute(folder, "-c", FIND)
    assert found.returncode == 0, found.stdout + found.stderr
    lines = found.stdout.splitlines()
    assert lines[0].startswith("GreetFlow skafd-greetflow-0-") and lines[0].endswith(" 2")
    assert lines[-1] == "succeeded edith hello grace"
    live.environment["METAFLOW_USER"] = "eve"
    live.environment["METAFLOW_HOME"] = str(live.root / "eve")
    refused = flows.execute(folder, "greet $1.py", "skafd", "delete")
    assert refused.returncode != 0
    assert "was deployed by the user ada" in refused.stderr
    token = lines[0].split()[1]
    deleted = flows.execute(folder, "greet $1.py", "skafd", "delete", "--authorize", token)
    assert deleted.returncode == 0, deleted.stderr
    assert [project["project"] for project in live.status()["projects"]] == ["own"]
    again = flows.execute(folder, "greet $1.py", "skafd", "create")
    assert again.returncode == 0, again.stderr
    assert len(flows.execute(folder, "greet $1.py", "skafd", "list-runs").stdout.split("skafd-")) == 4
    failed = flows.execute(folder, "greet $1.py", "skafd", "status", "17")
    assert failed.returncode != 0
    assert "17 is no run of skafd's" in failed.stdout + failed.stderr


def test_a_step_that_belongs_elsewhere_is_taken_there_by_metaflow(flows: FlowProjects) -> None:
    plugins = flows.installed.root / "elsewhere" / "metaflow_extensions" / "pretended" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "mfextinit_pretended.py").write_text('STEP_DECORATORS_DESC = [("batch", ".away.AwayDecorator")]\n')
    (plugins / "away.py").write_text(AWAY)
    path = flows.installed.root / "elsewhere"
    jobs = f"  - {{name: hybrid, type: metaflow, entrypoint: hybrid.py, env: {{PYTHONPATH: {path}}}}}\n"
    folder = flows.write("hybrid", jobs, {"hybrid.py": HYBRID})
    flows.installed.ok("up", folder, "--detach")
    run = flows.finish("hybrid/1")
    assert run["summary"]["state"] == "succeeded", flows.installed.ok("logs", "hybrid/1")
    assert attempts(run, "hybrid/away") == ["failed", "succeeded"]
    assert flows.ask(folder, "HybridFlow")["artifacts"]["seen"] == "['a', 'b']"


def test_a_flow_that_waits_for_several_events_begins_when_all_have_come(flows: FlowProjects) -> None:
    folder = flows.write("both", "  - {name: both, type: metaflow, entrypoint: both.py}\n", {"both.py": BOTH})
    flows.installed.ok("up", folder, "--detach")
    for name in ("prices", "prices", "orders"):
        flows.installed.ok("event", "publish", name)
    assert flows.finish("both/1")["summary"]["state"] == "succeeded", flows.installed.ok("logs", "both/1")
    assert flows.ask(folder, "BothFlow")["artifacts"]["seen"] == "['orders', 'prices']"
    assert len(flows.installed.json("runs", "both")) == 1
    for name in ("orders", "prices"):
        flows.installed.ok("event", "publish", name, "--param", "day=tuesday")
    assert flows.finish("both/2")["summary"]["state"] == "succeeded", flows.installed.ok("logs", "both/2")
    assert flows.ask(folder, "BothFlow")["artifacts"]["day"] == "'tuesday'"


def test_what_code_publishes_to_argo_comes_to_flows_that_wait_here(flows: FlowProjects) -> None:
    jobs = "".join(f"  - {{name: {name}, type: metaflow, entrypoint: {name}.py}}\n" for name in ("both", "telling"))
    folder = flows.write("told", jobs, {"both.py": BOTH, "telling.py": TELLING})
    live = flows.installed
    live.ok("up", folder, "--detach")
    assert flows.finish("told/1")["summary"]["state"] == "succeeded", live.ok("logs", "told/1")
    assert flows.finish("told/2")["summary"]["state"] == "succeeded", live.ok("logs", "told/2")
    said = flows.ask(folder, "BothFlow")["artifacts"]
    assert (said["seen"], said["day"]) == ("['orders', 'prices']", "'wednesday'")
    prices, orders = live.json("events")
    assert (orders["detail"], orders["parameters"]) == (
        "told/1/telling published orders",
        {"day": "wednesday", "rows": "3"},
    )
    assert [orders["number"], prices["number"]] == [1, 2]
    live.environment |= {"PYTHONPATH": live.ok("metaflow").strip(), "SKAFD_PROGRAM": str(SKAFD)}
    done = flows.execute(folder, "-c", PUBLISH)
    assert done.stdout == "None 3\n", done.stdout + done.stderr
    assert live.json("events")[0]["parameters"] == {"day": "friday"}


def test_what_is_deployed_for_production_is_in_the_namespace_of_its_token(flows: FlowProjects) -> None:
    folder = flows.write("own", NOTHING, {"prod.py": PROD})
    live = flows.installed
    live.ok("up", folder, "--detach")
    live.environment |= {"PYTHONPATH": live.ok("metaflow").strip(), "SKAFD_PROGRAM": str(SKAFD)}
    live.environment["SKAFD_METAFLOW_WAIT"] = "1"
    created = flows.execute(folder, "prod.py", "--production", "skafd", "create", "--generate-new-token")
    assert created.returncode == 0, created.stderr
    (namespace,) = re.findall(r"production:\S+", created.stderr + created.stdout)
    triggered = flows.execute(folder, "prod.py", "--production", "skafd", "trigger")
    assert triggered.returncode == 0, triggered.stderr
    said = flows.ask(folder, "ProdFlow")
    assert said["artifacts"]["seen"] == repr((namespace, "prod"))
    assert {namespace, "user:ada", "project_branch:prod"} <= set(said["tags"])


@pytest.mark.parametrize("part", ["skafd_decorator", "skafd_cli", "skafd_deployer"])
def test_a_part_that_cannot_be_imported_breaks_nothing_but_itself(flows: FlowProjects, part: str) -> None:
    folder = flows.write("own", NOTHING, {"greet $1.py": GREET, "words.txt": "hello\n"})
    live = flows.installed
    live.ok("up", folder, "--detach")
    extension = live.root / "extension"
    shutil.copytree(live.ok("metaflow").strip(), extension)
    (broken,) = extension.rglob(f"{part}.py")
    broken.write_text("raise RuntimeError('no good')\n")
    live.environment["PYTHONPATH"] = str(extension)
    run = flows.execute(folder, "greet $1.py", "run")
    assert run.returncode == 0, run.stderr
    asked = {
        "skafd_decorator": ("greet $1.py", "run", "--with=skafd_internal"),
        "skafd_cli": ("greet $1.py", "skafd", "create"),
    }
    said = flows.execute(folder, *asked.get(part, ("-c", DEPLOY)))
    assert said.returncode != 0
    assert "no good" in said.stdout + said.stderr
    assert "are supported" in said.stdout + said.stderr


def test_kills_of_the_daemon_during_a_foreach_double_nothing(flows: FlowProjects) -> None:
    kill_daemon_while_wide(flows, width=12, kills=3)


def kill_daemon(installed: Installed) -> None:
    """As nobody should."""
    pid = int(installed.status()["daemon"]["pid"])
    os.kill(pid, signal.SIGKILL)
    installed.wait_for("the daemon to be gone", lambda: not psutil.pid_exists(pid))
