import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from skafd.config import load
from skafd.model.project import Project
from tests.unit.commands.conftest import Shell

CRONTAB = """\
# nightly work
SHELL=/bin/sh
MAILTO=ops@example.org
CRON_TZ=Europe/Berlin
DATA="/srv/my data"
*/15 * * * *  /opt/bin/poll --fast
0 3 * * 1-5   cd /srv/churn && ./train.py 2>&1 | logger -t churn
30 6 1 * *    mail -s "bill 100\\%" boss%Dear boss,%the bill.
@daily        backup.sh
@reboot       start-things
61 * * * *    never
5 4 * * *
"""

AIRFLOW = """\
from datetime import datetime, timedelta

import pendulum
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.providers.http.sensors.http import HttpSensor

RETRIES = 3
FACTOR = 2
default_args = {"owner": "data", "retries": RETRIES, "retry_delay": timedelta(minutes=5)}


def scale(value):
    return value * FACTOR


def train(rows, label="x"):
    print("trained", scale(rows), label)


with DAG(
    "churn",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    default_args=default_args,
    sla_miss_callback=print,
) as dag:
    wait = HttpSensor(task_id="wait", endpoint="ready")
    ingest = BashOperator(task_id="ingest", bash_command="echo in | cat", execution_timeout=timedelta(hours=1))
    fit = PythonOperator(task_id="train", python_callable=train, op_args=[21], op_kwargs={"label": "y"})
    report = BashOperator(task_id="report", bash_command="echo {{ ds }}", trigger_rule="all_done")
    wait >> ingest >> [fit, report]
"""

TASK_FLOW = """\
from airflow.decorators import dag, task


@dag(schedule="@hourly")
def prices():
    @task
    def extract():
        print("extracted")

    @task(retries=2)
    def load(rows):
        print(rows)

    load(extract())


prices()
"""

DAGU = """\
name: warehouse
schedule:
  - CRON_TZ=Asia/Tokyo 0 6 * * *
params: DAY=monday
env:
  - LEVEL: info
maxActiveRuns: 1
handlerOn:
  exit: {command: echo over}
  failure: {command: page}
steps:
  - name: extract
    command: echo "$DAY"
    retryPolicy: {limit: 2, intervalSec: 30}
  - name: clean
    script: |
      print("clean")
    command: python3
    continueOn: {failure: true}
  - echo loaded
"""


def _import(shell: Shell, kind: str, text: str, *options: str) -> tuple[Project, str]:
    Path(f"given.{kind}").write_text(dedent(text))
    ended = shell("import", kind, f"given.{kind}", "--into", "made", *options)
    assert ended.code == 0, ended
    reading = load(Path("made/metis.config.yml"))
    assert reading.project is not None, reading.problems
    return reading.project, ended.out


def _run(script: str) -> str:
    ran = subprocess.run([sys.executable, script], cwd="made", capture_output=True, text=True, check=True)
    return ran.stdout


def test_each_line_of_a_crontab_is_a_job(shell: Shell) -> None:
    project, _ = _import(shell, "crontab", CRONTAB)
    assert [job.name for job in project.jobs] == ["poll", "train", "mail", "backup", "start-things"]
    assert {schedule.timezone for job in project.jobs for schedule in job.schedules} == {"Europe/Berlin"}
    assert [[schedule.expression for schedule in job.schedules] for job in project.jobs] == [
        ["*/15 * * * *"], ["0 3 * * 1-5"], ["30 6 1 * *"], ["@daily"], [],
    ]  # fmt: skip
    assert dict(project.environment) == {"DATA": "/srv/my data"}


def test_a_command_of_a_crontab_starts_at_home_and_keeps_its_pipe(shell: Shell) -> None:
    project, _ = _import(shell, "crontab", CRONTAB)
    assert project.jobs[0].entrypoint == 'cd "$HOME" && /opt/bin/poll --fast'
    assert project.jobs[1].entrypoint == "sh train.sh"
    assert Path("made/train.sh").read_text() == "#!/bin/sh\ncd /srv/churn && ./train.py 2>&1 | logger -t churn\n"


def test_a_percent_sign_begins_what_the_command_reads(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    _import(shell, "crontab", "0 0 * * * sed 's/^/> /'%one 50\\%%two\n")
    monkeypatch.setenv("HOME", str(Path.cwd()))
    ran = subprocess.run(["sh", "sed.sh"], cwd="made", capture_output=True, text=True, check=True)
    assert ran.stdout == "> one 50%\n> two\n"


def test_what_a_crontab_has_and_skafd_has_not_is_listed_with_its_line(shell: Shell) -> None:
    _, out = _import(shell, "crontab", CRONTAB)
    lines = [line for line in out.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in lines] == ["line 3", "line 10", "line 11", "line 12"]
    assert "MAILTO" in lines[0]
    assert "61" in lines[2]
    assert "no command" in lines[3]


def test_a_crontab_of_the_machine_has_users(shell: Shell) -> None:
    project, out = _import(shell, "crontab", "17 * * * * root run-parts /etc/cron.hourly\n", "--system")
    assert project.jobs[0].entrypoint == 'cd "$HOME" && run-parts /etc/cron.hourly'
    assert "not as root" in out


def test_a_crontab_comes_from_a_pipe(shell: Shell) -> None:
    assert shell("import", "crontab", "-", typed="@hourly true\n").code == 0
    assert load(Path("crontab/metis.config.yml")).valid


def test_a_dag_of_airflow_becomes_jobs_with_its_graph(shell: Shell) -> None:
    project, out = _import(shell, "airflow", AIRFLOW)
    jobs = {job.name: job for job in project.jobs}
    assert {name: job.dependencies for name, job in jobs.items()} == {
        "wait": (), "ingest": ("wait",), "train": ("ingest",), "report": ("ingest",),
    }  # fmt: skip
    assert [(each.expression, each.timezone) for each in jobs["wait"].schedules] == [("0 3 * * *", "Europe/Berlin")]
    assert jobs["ingest"].timeout_seconds == 3600
    assert (jobs["ingest"].retry.times, jobs["ingest"].retry.delay_seconds) == (3, 300)
    assert jobs["report"].always
    for expected in ("HttpSensor", "sla_miss_callback", "template of Airflow's", "for the instant"):
        assert expected in out


def test_a_python_operator_becomes_a_script_that_runs_without_airflow(shell: Shell) -> None:
    _import(shell, "airflow", AIRFLOW)
    assert _run("train.py") == "trained 42 y\n"


def test_decorated_functions_are_jobs_too_and_handed_results_are_reported(shell: Shell) -> None:
    project, out = _import(shell, "airflow", TASK_FLOW)
    jobs = {job.name: job for job in project.jobs}
    assert project.name == "prices"
    assert jobs["load"].dependencies == ("extract",)
    assert "SKAFD_OUTPUT" in out
    assert _run("extract.py") == "extracted\n"


def test_steps_of_dagu_follow_one_another(shell: Shell) -> None:
    project, out = _import(shell, "dagu", DAGU)
    jobs = {job.name: job for job in project.jobs}
    assert {name: job.dependencies for name, job in jobs.items()} == {
        "extract": (), "clean": ("extract",), "step-3": ("clean",), "on-exit": (),
    }  # fmt: skip
    assert [(each.expression, each.timezone) for each in jobs["extract"].schedules] == [("0 6 * * *", "Asia/Tokyo")]
    assert jobs["clean"].catch
    assert jobs["on-exit"].always
    assert _run("clean.py") == "clean\n"
    assert "max_active_runs" in out
    assert "handlers: failure" in out


def test_parameters_of_dagu_have_their_names_in_commands(shell: Shell) -> None:
    _import(shell, "dagu", DAGU)
    environment = {"SKAFD_PARAM_DAY": "friday"}
    ran = subprocess.run(["sh", "made/extract.sh"], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "friday\n"


def test_depends_makes_a_graph(shell: Shell) -> None:
    project, _ = _import(
        shell, "dagu", "steps:\n  a: {command: x}\n  b: {command: y}\n  c: {command: z, depends: [a, b]}\n"
    )
    assert [job.dependencies for job in project.jobs] == [(), (), ("a", "b")]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("airflow", "x = ", "line 1: this is not Python"),
        ("airflow", "x = 1", "no DAG in this file"),
        ("dagu", "a: [", "this is not YAML"),
        ("dagu", "jobs: []", "no `steps:`"),
        ("crontab", "# nothing", "nothing in this file can be a job"),
    ],
)
def test_what_cannot_be_read_is_said(shell: Shell, kind: str, text: str, expected: str) -> None:
    Path("given").write_text(text)
    ended = shell("import", kind, "given")
    assert ended.code != 0
    assert expected in ended.err


def test_a_file_that_is_there_is_not_overwritten(shell: Shell) -> None:
    _import(shell, "crontab", "@daily true\n")
    before = Path("made/metis.config.yml").read_text()
    ended = shell("import", "crontab", "given.crontab", "--into", "made")
    assert "is there already" in ended.err
    assert Path("made/metis.config.yml").read_text() == before


def test_a_project_is_not_put_into_a_file(shell: Shell) -> None:
    Path("given").write_text(CRONTAB)
    assert "given is a file" in shell("import", "crontab", "given").err


def test_a_report_for_programs(shell: Shell) -> None:
    Path("given.txt").write_text(CRONTAB)
    report: dict[str, Any] = json.loads(shell("import", "crontab", "given.txt", "--json").out)
    assert report["jobs"][0] == "poll"
    assert report["unmapped"][0] == {"line": 3, "what": "MAILTO=ops@example.org", "why": report["unmapped"][0]["why"]}


def test_a_missing_file_is_said(shell: Shell) -> None:
    assert "there is no nowhere" in shell("import", "dagu", "nowhere").err
