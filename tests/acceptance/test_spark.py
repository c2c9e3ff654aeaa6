"""Real Spark, as jobs find it: one cluster for all tests of this module, since Javas take their time to start."""

from __future__ import annotations

import json
import os
import pwd
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from skafd.addons.spark.installation import find_installation
from skafd.home import Home
from tests.support.installed import Installed
from tests.support.spark import PATIENCE_SECONDS, SMALL_JAVA, need_spark, standalone_cluster
from tests.support.users import give_folder, needs_users, open_passage, python_for_all

pytestmark = pytest.mark.timeout(1800)
CONFIG = "name: {name}\nadd-ons: [{{name: spark-cluster}}]\njobs:\n  - {{name: job, entrypoint: job.py{more}}}\n"
GREEDY = """\
import os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
mine, other = os.environ["MINE"], os.environ["OTHER"]
until = time.monotonic() + 500
while not os.path.exists(other) and time.monotonic() < until:
    # As many tasks as there are cores to be had, and more.
    assert spark.range(200_000, numPartitions=16).rdd.map(lambda row: row.id % 7).sum() > 0
    open(mine, "w").close()
print("the other one", "ran meanwhile" if os.path.exists(other) else "never came")
"""
LONG = """\
import os
from pyspark.sql import SparkSession
def slowly(number):
    import os, time
    assert os.environ["ROUNDS"], "what the config says is not there"
    time.sleep(0.05)
    return number
spark = SparkSession.builder.getOrCreate()
rounds = 0
while not os.path.exists(os.environ["STOP"]):
    total = spark.sparkContext.parallelize(range(20), 4).map(slowly).sum()
    assert total == 190, total
    rounds += 1
    with open(os.environ["ROUNDS"], "w") as stream:
        stream.write(str(rounds))
print("every sum was right")
"""
ASKING = """\
from skafossdk import Skafos
ska = Skafos()
schema = {"table_name": "numbers", "options": {"primary_key": ["n"]}, "columns": {"n": "int"}}
ska.engine.save(schema, [{"n": number} for number in range(1000)]).result()
print("the sum is", ska.engine.query("SELECT sum(n) AS s FROM numbers").result()["data"][0]["s"])
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Installed]:
    need_spark()
    with Installed() as installed:
        installed.environment |= {"SKAFD_SPARK_IDLE": "10s", "JDK_JAVA_OPTIONS": SMALL_JAVA}
        yield installed


@pytest.fixture(autouse=True)
def nothing_is_known(machine: Installed) -> Iterator[None]:
    """Each test has its own projects on the same daemon and the same cluster."""
    yield
    for project in machine.status()["projects"]:
        machine.command("kill", project["project"], "--yes")
        machine.ok("forget", project["project"])


def wait(machine: Installed, what: str, condition: Callable[[], Any]) -> Any:
    return machine.wait_for(what, condition, PATIENCE_SECONDS)


def ended(machine: Installed, run: str, state: str = "succeeded") -> dict[str, Any]:
    detail = machine.wait_for_run(run, PATIENCE_SECONDS)
    assert detail["summary"]["state"] == state, machine.ok("logs", run)[-4000:]
    return detail


def services(machine: Installed) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in machine.status()["services"]}


def workers(machine: Installed) -> list[dict[str, Any]]:
    return [one for name, one in services(machine).items() if "-worker-" in name and one["state"] == "running"]


def executors(machine: Installed) -> list[psutil.Process]:
    lines = {one: " ".join(command_of(one)) for one in psutil.process_iter()}
    return [one for one, line in lines.items() if "CoarseGrainedExecutorBackend" in line and str(machine.home) in line]


def read_page(address: str) -> str:
    """Empty while nobody answers."""
    try:
        with urlopen(address, timeout=60) as answer:
            return str(answer.read().decode())
    except URLError:
        return ""


def command_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def write(machine: Installed, name: str, program: str, more: str = "", **variables: Path) -> Path:
    env = ", ".join(f"{key}: {value}" for key, value in variables.items())
    more += f", env: {{{env}}}" if env else ""
    return machine.write_project(name, {"metis.config.yml": CONFIG.format(name=name, more=more), "job.py": program})


def test_words_are_counted_and_workers_come_and_go(machine: Installed) -> None:
    machine.ok("up", machine.copy_example("spark_wordcount"), "--detach")
    wait(machine, "a worker", lambda: workers(machine))
    page = services(machine)["spark-master"]["url"]
    assert page.startswith("http://127.0.0.1:")
    assert page in machine.ok("status")
    assert "Spark Master" in wait(machine, "the master's page", lambda: read_page(page))
    run = ended(machine, "spark_wordcount/1")
    log = machine.ok("logs", "spark_wordcount/1")
    assert "on spark://127.0.0.1:" in log
    assert "14  the" in log, log
    spark = Home(machine.home).spark
    assert "the secret" not in log
    assert [path.name for path in (spark / "cluster" / "events").iterdir()]
    attempt = machine.home / "runs" / "spark_wordcount" / "1" / "count.0" / "1"
    assert (attempt / "spark" / "spark-defaults.conf").stat().st_mode & 0o077 == 0
    assert find_installation(Home(machine.home)).spark_home.is_dir()
    assert run["tasks"][0]["state"] == "succeeded"
    wait(machine, "the workers to leave", lambda: not workers(machine))
    wait(machine, "the master to leave", lambda: "spark-master" not in services(machine))


def test_tables_are_asked_on_the_cluster_also_after_the_driver_was_killed(machine: Installed) -> None:
    machine.ok("up", machine.copy_example("spark_engine"), "--detach")
    ended(machine, "spark_engine/1")
    assert "Lisbon: most rain in month 11" in machine.ok("logs", "spark_engine/1")
    assert "spark-queries" in machine.ok("status")
    page = services(machine)["spark-master"]["url"]
    assert "skafd data engine" in wait(machine, "the master's page", lambda: read_page(page))
    rows = json.loads(machine.ok("data", "spark_engine", "--sql", "SELECT * FROM months", "--format", "json"))
    assert len(rows) == 36
    victim = services(machine)["spark-queries"]
    os.kill(victim["pid"], signal.SIGKILL)
    machine.ok("run", "spark_engine")
    ended(machine, "spark_engine/2")
    assert "Lisbon: most rain in month 11" in machine.ok("logs", "spark_engine/2")
    assert _is_another(services(machine)["spark-queries"], victim)
    wait(machine, "the driver to leave", lambda: "spark-queries" not in services(machine))
    assert len(list((machine.home / "queries" / "tables" / "spark-queries").iterdir())) == 1


@pytest.mark.needs_root
@needs_users
def test_the_tables_of_another_users_project_are_asked_with_that_users_rights(machine: Installed) -> None:
    open_passage(machine.root)
    # Java wants a user that has a name.
    uid = pwd.getpwnam("nobody").pw_uid
    config = "name: hers\nadd-ons: [{name: spark-cluster}]\njobs:\n"
    config += f"  - {{name: job, entrypoint: '{python_for_all()} ask.py', language: any}}\n"
    folder = machine.write_project("hers", {"metis.config.yml": config, "ask.py": ASKING})
    give_folder(folder, uid)
    machine.ok("up", folder, "--detach")
    ended(machine, "hers/1")
    assert "the sum is 499500" in machine.ok("logs", "hers/1")
    driver = services(machine)[f"spark-u{uid}-queries"]
    processes = psutil.Process(driver["pid"]).children(recursive=True)
    assert {one.uids().real for one in (psutil.Process(driver["pid"]), *processes)} == {uid}
    (snapshot,) = (machine.home / "queries" / "tables" / f"spark-u{uid}-queries").iterdir()
    assert (snapshot.stat().st_uid, snapshot.stat().st_mode & 0o777) == (uid, 0o400)


def test_two_that_want_everything_run_at_the_same_time(machine: Installed) -> None:
    marks = {name: machine.root / f"{name}.mark" for name in ("one", "two")}
    for name, other in (("one", "two"), ("two", "one")):
        machine.ok("up", write(machine, name, GREEDY, MINE=marks[name], OTHER=marks[other]), "--detach")
    for name in marks:
        ended(machine, f"{name}/1")
        assert "the other one ran meanwhile" in machine.ok("logs", f"{name}/1")


def test_master_worker_and_daemon_are_killed_and_the_job_goes_on(machine: Installed) -> None:
    rounds, stop = machine.root / "rounds", machine.root / "stop"
    machine.ok("up", write(machine, "long", LONG, ROUNDS=rounds, STOP=stop), "--detach")

    def goes_on(more: int = 2) -> None:
        before = int(rounds.read_text() or 0) if rounds.exists() else 0
        wait(machine, "further rounds", lambda: rounds.exists() and int(rounds.read_text() or 0) >= before + more)

    goes_on()
    for name in ("spark-master", workers(machine)[0]["name"]):
        victim = services(machine)[name]
        os.kill(victim["pid"], signal.SIGKILL)
        wait(machine, f"{name} to be back", lambda one=victim, key=name: _is_another(services(machine).get(key), one))
        goes_on()
    os.kill(machine.status()["daemon"]["pid"], signal.SIGKILL)
    goes_on()
    machine.ok("up", "--detach")
    stop.touch()
    detail = ended(machine, "long/1")
    assert len(detail["tasks"][0]["attempts"]) == 1
    assert "every sum was right" in machine.ok("logs", "long/1")
    wait(machine, "the executors to end", lambda: not executors(machine))


def _is_another(now: dict[str, Any] | None, before: dict[str, Any]) -> bool:
    return now is not None and now["state"] == "running" and now["pid"] not in (None, before["pid"])


def test_a_killed_driver_leaves_nothing_and_is_tried_again(machine: Installed) -> None:
    rounds, stop = machine.root / "rounds2", machine.root / "stop2"
    machine.ok("up", write(machine, "dying", LONG, ", retry: 1", ROUNDS=rounds, STOP=stop), "--detach")
    wait(machine, "a first round", rounds.exists)
    (executor,) = executors(machine)
    attempt = str(machine.home / "runs" / "dying")
    (driver,) = [one for one in psutil.process_iter() if _is_driver(one, attempt)]
    driver.kill()
    wait(machine, "its executor to end", lambda: not executor.is_running())
    rounds.unlink()
    wait(machine, "another round", rounds.exists)
    stop.touch()
    detail = ended(machine, "dying/1")
    assert [one["state"] for one in detail["tasks"][0]["attempts"]] == ["failed", "succeeded"]


def _is_driver(process: psutil.Process, attempt: str) -> bool:
    command = command_of(process)
    return any("SparkSubmit" in word for word in command) and _variable(process, "SPARK_CONF_DIR").startswith(attempt)


def _variable(process: psutil.Process, name: str) -> str:
    try:
        return str(process.environ().get(name, ""))
    except psutil.Error:
        return ""


def test_a_cluster_that_is_there_is_used_as_it_is(machine: Installed) -> None:
    secret = "of-the-other-cluster"
    program = "from pyspark.sql import SparkSession\ns = SparkSession.builder.getOrCreate()\n"
    program += "print('rows', s.range(1000).count(), 'on', s.sparkContext.master)\n"
    program += "print('said', s.conf.get('spark.sql.shuffle.partitions'))\n"
    with standalone_cluster(secret) as master:
        conf = f"{{spark.authenticate: 'true', spark.authenticate.secret: {secret}, spark.sql.shuffle.partitions: 3, "
        conf += "spark.executor.memory: 512m, spark.driver.host: 127.0.0.1, spark.driver.bindAddress: 127.0.0.1}"
        config = f"name: elsewhere\nadd-ons: [{{name: spark-cluster, master: '{master}', conf: {conf}}}]\n"
        config += "jobs:\n  - {name: job, entrypoint: job.py}\n"
        folder = machine.write_project("elsewhere", {"metis.config.yml": config, "job.py": program})
        before = services(machine).keys()
        machine.ok("up", folder, "--detach")
        ended(machine, "elsewhere/1")
        assert services(machine).keys() <= before, "nothing was started for it"
    log = machine.ok("logs", "elsewhere/1")
    assert f"rows 1000 on {master}" in log
    assert "said 3" in log
    assert secret not in log
