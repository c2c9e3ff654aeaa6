"""What each shape of config means, by our own example of it."""

from pathlib import Path

from skafd.config import Code, Reading, read
from skafd.model.environment import EnvironmentWish
from skafd.model.limits import Limits, Resources
from skafd.model.project import (
    CatchUp,
    DependencyRule,
    Generation,
    JobType,
    OnDeploy,
    Overlap,
    Parameter,
    Project,
    Retry,
    Schedule,
    UpdatePolicy,
)

EXAMPLES = Path(__file__).parent / "examples"


def read_example(name: str) -> Reading:
    return read((EXAMPLES / f"{name}.yml").read_bytes(), None, f"{name}.yml")


def project_of(name: str) -> Project:
    reading = read_example(name)
    assert reading.project is not None, reading.problems
    return reading.project


def test_the_last_shape_of_old() -> None:
    project = project_of("jobs")
    fetch, forecast = project.jobs
    assert read_example("jobs").problems == ()
    assert (project.generation, project.name) == (Generation.JOBS, "tides")
    assert (project.update_policy, project.use_cache) == (UpdatePolicy.RESTART_ALL, False)
    assert fetch.schedules == (Schedule("0 5 * * Mon,Thu"),)
    assert (fetch.name, fetch.max_runs) == ("fetch readings", 12)
    assert forecast.dependencies == (fetch.id,)
    assert (forecast.entrypoint, forecast.parallelism) == ("sleep 20 | models/forecast.py", 2)
    assert forecast.resources == Resources(Limits(1.0, 2**30), Limits(2.0, 3 * 2**30))


def test_the_middle_shape_of_old_may_repeat_names() -> None:
    project = project_of("project_tasks")
    assert read_example("project_tasks").problems == ()
    assert project.generation is Generation.PROJECT_TASKS
    assert [job.name for job in project.jobs] == ["count", "count"]
    assert project.jobs[1].dependencies == (project.jobs[0].id,)


def test_a_flat_file_is_one_job_and_its_token_of_digits_stays_text() -> None:
    project = project_of("flat")
    assert read_example("flat").problems == ()
    assert (project.generation, project.token) == (Generation.FLAT, "123456789012345678901234")
    (job,) = project.jobs
    assert (job.id, job.name, job.entrypoint) == ("buoy-watch", "buoy-watch", "watch.py")
    assert job.schedules == (Schedule("15 6-20 * * *"),)
    assert job.resources.limits == Limits(3.0, 512 * 2**20)


def test_the_oldest_files_run_index_py_with_the_variables_they_list() -> None:
    project = project_of("oldest")
    assert project.jobs[0].entrypoint == "index.py"
    assert project.environment == (("GULL_KEY", "type_it_here"),)


def test_resources_at_the_top_are_for_jobs_that_have_none_and_are_mended_where_they_nest_wrongly() -> None:
    reading = read_example("mixed")
    draws, reads = project_of("mixed").jobs
    assert draws.resources.limits == Limits(2.0, 2**30)
    assert reads.resources.limits == Limits(None, 2 * 2**30)
    assert reads.entrypoint == "read.py | clean.py"
    assert [(problem.code, problem.line) for problem in reading.problems] == [(Code.MISPLACED_KEY, 5)]


def test_the_present_form_of_a_project() -> None:
    project = project_of("present")
    assert read_example("present").problems == ()
    assert (project.timezone, project.python, project.token) == ("Europe/Berlin", "3.11", None)
    assert project.environment == (("LOG_LEVEL", "INFO"), ("EMPTY", ""))
    assert [job.id for job in project.jobs] == ["ingest", "t", "report"]


def test_the_present_form_of_jobs() -> None:
    ingest, train, report = project_of("present").jobs
    assert ingest.schedules == (Schedule("0 11 * * *", "Europe/Berlin"),)
    assert ingest.retry == Retry(3, 30.0, 2.0)
    assert (ingest.timeout_seconds, ingest.catch, ingest.on_deploy) == (7200.0, True, OnDeploy.RUN)
    assert (train.dependencies, train.dependency_rule) == (("ingest",), DependencyRule.ANY)
    assert train.resources == Resources(Limits(), Limits(0.5, 6 * 2**30, 1), required=True)
    assert train.environment == (("OMP_NUM_THREADS", "1"),)
    assert train.parameters == (
        Parameter("epochs", "int", "10"),
        Parameter("rate", "float", "0.5"),
        Parameter("label", "string", "7"),
    )
    assert report.schedules == (
        Schedule("@daily", "Europe/Berlin"),
        Schedule("every 2 hours", "Europe/Berlin"),
        Schedule("0 3 * * *", "UTC", CatchUp.ALL, 21600.0, Overlap.SKIP),
    )
    assert (report.language, report.on_deploy, report.retry) == ("any", OnDeploy.WAIT, Retry(1))


def test_what_comes_later_is_kept_as_it_is_and_said_once() -> None:
    reading = read_example("later")
    project = project_of("later")
    assert project.add_ons == ("queue", "spark-cluster")
    kept = dict(project.kept)
    assert "add-ons" not in kept
    assert kept["notify"] == [{"url": "mailto://a@example.org", "on": ["failure", "recovery"]}]
    assert project.wish == EnvironmentWish(requirements_file="requirements/base.txt", conda_file="environment.yml")
    assert project.jobs[0].type is JobType.SERVICE
    assert project.jobs[0].wish == EnvironmentWish("3.6", packages=("pandas", "numpy"), conda_file="fan.yml")
    assert project.jobs[0].outputs == ("model.bin",)
    assert {problem.code for problem in reading.problems} == {Code.NOT_YET}
    messages = [problem.message for problem in reading.problems]
    assert len(messages) == len(set(messages))


def test_a_project_without_a_name_is_called_after_its_folder(tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    reading = read("jobs: [{name: a}]", tmp_path, "metis.config.yml")
    assert reading.project is not None
    assert reading.project.name == tmp_path.name


def test_anchors_repeat_a_value() -> None:
    text = "jobs:\n- {name: a, resources: &r {limits: {cpu: 2}}}\n- {name: b, resources: *r}\n"
    project = read(text, None, "f").project
    assert project is not None
    assert project.jobs[1].resources.limits.cpu == 2.0


def test_blanks_of_a_template_are_warned_of_and_a_job_that_depends_on_one_waits() -> None:
    text = (
        "project_token: <token>\nname: x\njobs:\n- job_id: < id of a >\n  name: a\n- name: b\n  dependencies: [<a>]\n"
    )
    reading = read(text, None, "f")
    assert reading.project is not None
    assert [(problem.code, problem.line) for problem in reading.problems] == [
        (Code.PLACEHOLDER, 1),
        (Code.PLACEHOLDER, 4),
        (Code.PLACEHOLDER, 7),
    ]
    assert reading.project.token is None
    assert reading.project.jobs[1].on_deploy is OnDeploy.WAIT


def test_jobs_count_where_a_file_has_both_lists() -> None:
    reading = read("name: x\nproject_tasks: [{name: old}]\njobs: [{name: new}]\n", None, "f")
    assert reading.project is not None
    assert [job.name for job in reading.project.jobs] == ["new"]
    assert [problem.line for problem in reading.problems] == [2]
