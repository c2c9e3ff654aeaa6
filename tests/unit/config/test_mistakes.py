"""Each mistake gets one clear problem at its line and column, with what to do about it."""

from pathlib import Path

import pytest

from skafd.config import Code, Problem, Reading, Severity, load, read

JOB = "name: p\njobs:\n  - name: a\n    entrypoint: a.py\n"


def the_problem(reading: Reading) -> Problem:
    assert not reading.valid
    assert reading.project is None
    assert len(reading.problems) == 1, reading.problems
    return reading.problems[0]


SYNTAX = [
    ("name: x\n- job_id: a\n  name: b\n", Code.MISSING_JOBS, 2, 1, "jobs:"),
    ("name: My project\n\n  - job_id: a\n    name: b\n", Code.MISSING_JOBS, 3, 3, "jobs:"),
    ("name:\n- job_id: a\n  name: b\n", Code.MISSING_JOBS, 2, 1, "jobs:"),
    ("- job_id: a\n  name: b\n", Code.MISSING_JOBS, 1, 1, "jobs:"),
    ("project_token: {{token}}\nname: {{name}}\n", Code.TEMPLATE, 1, 16, "skafd init"),
    ("name: x\nproject_token: '{{ token }}'\n", Code.TEMPLATE, 2, 16, "skafd init"),
    ("name: {{name}} two\n", Code.TEMPLATE, 1, 7, "skafd init"),
    ("jobs:\n\t- name: x\n", Code.TAB, 2, 1, "spaces"),
    ("jobs:\n  - name: a\n\tentrypoint: b\n", Code.TAB, 3, 1, "spaces"),
    ("name:\tx\n", Code.TAB, 1, 6, "spaces"),
    ("jobs:\n    - name: a\n   - name: b\n", Code.INDENT, 3, 4, "column 5, as line 2"),
    ("jobs:\n    - name: a\n      - name: b\n", Code.INDENT, 3, 7, "column 5"),
    ("jobs:\n  - name: a\n      entrypoint: b\n", Code.INDENT, 3, 7, "other keys"),
    ("jobs:\n  - name: a\n  entrypoint: b\n", Code.INDENT, 3, 3, "line it up"),
    ("name: x\nschedule: @hourly\n", Code.QUOTES_NEEDED, 2, 11, '"@hourly"'),
    ("name: x\nschedule: */2 * * * *  # often\n", Code.QUOTES_NEEDED, 2, 11, '"*/2 * * * *"'),
    ("name: x\nschedule: * * * * *\n", Code.QUOTES_NEEDED, 2, 11, '"* * * * *"'),
    ("name: x\nentrypoint: `a.py`\n", Code.QUOTES_NEEDED, 2, 13, '"`a.py`"'),
    ("name: x\nschedule: “0 1 * * *”\n", Code.SMART_QUOTES, 2, 11, '"0 1 * * *"'),
    ("name: x\nentrypoint: “echo: x”\n", Code.SMART_QUOTES, 2, 13, "straight"),
    ("name: 'abc\nlanguage: python\n", Code.UNCLOSED, 1, 7, "close it"),
    ("name: x\nmemory: 8Gilimits:\n", Code.YAML, 2, 18, "line of its own"),
    ("name: a\nfoo\nlanguage: python\n", Code.YAML, 2, 1, "key: value"),
    ("name: 'x' y\n", Code.YAML, 1, 11, "quotes"),
    ('name: "\\q"\n', Code.YAML, 1, 9, "backslash"),
    ("name: x\n---\nname: y\n", Code.YAML, 2, 1, "one document"),
    ("name: !!str x\n", Code.TAG, 1, 7, "remove"),
    ("name: *other\n", Code.ALIAS, 1, 7, "quotes"),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "hint"), SYNTAX)
def test_what_is_not_yaml(text: str, code: Code, line: int, column: int, hint: str) -> None:
    problem = the_problem(read(text, None, "f"))
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.hint is not None
    assert hint in problem.hint


IN_A_JOB = [
    ('schedule: "2,9,16,23 * * *"', Code.SCHEDULE, 15, "did you mean"),
    ('schedule: ["@hourly", {cron: "0 1 * *"}]', Code.SCHEDULE, 34, "did you mean"),
    ('schedule: {cron: "@daily", timezone: Europe/Berln}', Code.TIMEZONE, 42, "Europe/Berlin"),
    ("schedule: {timezone: UTC}", Code.VALUE, 15, "expression"),
    ("job id: x", Code.UNKNOWN_KEY, 5, "`job_id`"),
    ("schedul: '@daily'", Code.UNKNOWN_KEY, 5, "`schedule`"),
    ("depends_on: []", Code.UNKNOWN_KEY, 5, "`dependencies`"),
    ("colour: red", Code.UNKNOWN_KEY, 5, "skafd schema"),
    ("resources: {limits: {colour: red}}", Code.UNKNOWN_KEY, 26, "cpu, memory, gpu"),
    ("resources: {limits: {mem: 2Gi}}", Code.UNKNOWN_KEY, 26, "`memory`"),
    ("<<: {name: b}", Code.UNKNOWN_KEY, 5, "write the keys out"),
    ("cpu: 2", Code.MISPLACED_KEY, 5, "`limits:`"),
    ("timezone: UTC", Code.MISPLACED_KEY, 5, "schedule: {cron"),
    ("update_policy: restart_all", Code.MISPLACED_KEY, 5, "top of the file"),
    ("limits: {cpu: 2}", Code.VALUE, 13, "resources"),
    ("dependencies: [b]", Code.UNKNOWN_JOB, 20, "the jobs are a"),
    ("dependencies: a", Code.CYCLE, 19, "remove"),
    ("job_id:", Code.EMPTY_ID, 5, "remove the line"),
    ('job_id: ""', Code.EMPTY_ID, 5, "remove the line"),
    ("resources: {limits: {memory: 0}}", Code.LIMITS, 34, None),
    ("resources: {limits: {memory: -1Gi}}", Code.LIMITS, 34, None),
    ("resources: {limits: {memory: 512}}", Code.LIMITS, 34, "`512Mi`"),
    ("resources: {limits: {memory: 2 gigs}}", Code.VALUE, 34, None),
    ("resources: {limits: {cpu: 0}}", Code.LIMITS, 31, None),
    ("resources: {limits: {cpu: 1}, requests: {cpu: 1500m}}", Code.LIMITS, 31, "1 or less"),
    ("resources: 5", Code.VALUE, 16, None),
    ("parallelism: two", Code.VALUE, 18, None),
    ("parallelism: 0", Code.VALUE, 18, None),
    ("parallelism: 1000000000", Code.VALUE, 18, None),
    ("timeout: 5 parsecs", Code.VALUE, 14, None),
    ("timeout: 0", Code.LIMITS, 14, None),
    ("retry: {times: 3, backoff: 0.5}", Code.LIMITS, 32, None),
    ("retry: {times: 3, backoff: twice}", Code.VALUE, 32, None),
    ("catch: perhaps", Code.VALUE, 12, None),
    ("language: ruby", Code.VALUE, 15, "language: any"),
    ("trigger: an", Code.VALUE, 14, "`any`"),
    ("params: {e: {type: int, default: x}}", Code.VALUE, 38, "change the type"),
    ("params: {two words: 1}", Code.VALUE, 14, None),
    ("env: {A: [1]}", Code.VALUE, 14, None),
    ('id: "a\\tb\\e"', Code.CONTROL_CHARACTER, 9, "plain text"),
    ("entrypoint: b.py", Code.DUPLICATE_KEY, 5, "differ"),
]


@pytest.mark.parametrize(("line", "code", "column", "hint"), IN_A_JOB)
def test_mistakes_in_a_job(line: str, code: Code, column: int, hint: str | None) -> None:
    problem = the_problem(read(f"{JOB}    {line}\n", None, "f"))
    assert (problem.code, problem.line, problem.column) == (code, 5, column)
    if hint:
        assert problem.hint is not None
        assert hint in problem.hint


AT_THE_TOP = [
    ("", Code.EMPTY, 1, 1),
    ("# nothing\n", Code.EMPTY, 1, 1),
    ("- a\n- b\n", Code.VALUE, 1, 1),
    ("words\n", Code.VALUE, 1, 1),
    ("name: x\njob:\n  - name: a\n", Code.UNKNOWN_KEY, 2, 1),
    ("name: x\njobs:\n", Code.EMPTY_VALUE, 2, 1),
    ("name: x\njobs: []\n", Code.MISSING_JOBS, 2, 7),
    ("name: x\njobs: {a: {entrypoint: b.py}}\n", Code.VALUE, 2, 7),
    ("name: x\njobs:\n  -\n", Code.VALUE, 3, 4),
    ("name: x\njobs:\n  - a.py\n", Code.VALUE, 3, 5),
    ("name: x\njobs:\n  - entrypoint: a.py\n", Code.NAME, 3, 5),
    ("name: x\njobs: [{name: a}]\nparallelism: 3\n", Code.MISPLACED_KEY, 3, 1),
    ("name: x\njobs: [{name: a}]\ntimezone: Mars/Base\n", Code.TIMEZONE, 3, 11),
    ("name: x\njobs:\n- name: a\n- name: a\n", Code.DUPLICATE_ID, 4, 9),
    ("name: x\nadd-ons: [{workers: 3}]\n", Code.VALUE, 2, 11),
    ('name: x\nadd-ons: [{name: queue, url: "redis://here/"}]\n', Code.VALUE, 2, 30),
    ("name: x\nentrypoint: score.py`\n", Code.ENTRYPOINT, 2, 13),
    ("name: x\nentrypoint: a.py | | b.py\n", Code.ENTRYPOINT, 2, 13),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), AT_THE_TOP)
def test_mistakes_at_the_top(text: str, code: Code, line: int, column: int) -> None:
    reading = read(text, None, "f")
    assert not reading.valid
    (problem,) = (problem for problem in reading.problems if problem.severity is Severity.ERROR)
    assert (problem.code, problem.line, problem.column) == (code, line, column)


def test_a_circle_is_named_from_the_first_of_its_jobs() -> None:
    text = (
        "name: x\njobs:\n- {name: z, dependencies: a}\n- {name: a, dependencies: [c]}\n"
        "- {name: b, dependencies: [a]}\n- {name: c, dependencies: [b]}\n"
    )
    problem = the_problem(read(text, None, "f"))
    assert "a -> c -> b -> a" in problem.message
    assert (problem.code, problem.line, problem.column) == (Code.CYCLE, 4, 28)


def test_a_name_of_several_jobs_does_not_say_which() -> None:
    text = "name: x\njobs:\n- {id: 1, name: a}\n- {id: 2, name: a}\n- {name: b, dependencies: a}\n"
    problem = the_problem(read(text, None, "f"))
    assert (problem.code, problem.line) == (Code.AMBIGUOUS_JOB, 5)
    assert "lines 3, 4" in problem.message


def test_unknown_keys_of_the_oldest_shapes_are_ignored_as_they_were() -> None:
    reading = read("eroject_token: 5\nname: x\nentrypoint: a.py\n", None, "f")
    assert reading.valid
    (problem,) = reading.problems
    assert (problem.severity, problem.code) == (Severity.WARNING, Code.UNKNOWN_KEY)
    assert problem.hint == "did you mean `project_token`?"


def test_a_misspelt_id_is_an_error_in_every_shape() -> None:
    text = "name: x\nproject_tasks:\n- project task id: 5\n  name: a\n"
    assert the_problem(read(text, None, "f")).code == Code.UNKNOWN_KEY


def test_a_repeated_key_with_the_same_value_is_only_odd() -> None:
    reading = read(JOB + "    entrypoint: a.py\n", None, "f")
    assert reading.valid
    assert [(problem.code, problem.line) for problem in reading.problems] == [(Code.DUPLICATE_KEY, 5)]


def test_several_mistakes_are_told_in_the_order_of_the_file() -> None:
    reading = read(JOB + "    parallelism: 0\n    timeout: 0\n    colour: red\n", None, "f")
    assert [problem.line for problem in reading.problems] == [5, 6, 7]


def test_files_are_looked_for_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "train.py").touch()
    problem = the_problem(read("name: x\nentrypoint: deep/trian.py\n", tmp_path, "f"))
    assert (problem.code, problem.line, problem.column) == (Code.MISSING_FILE, 2, 13)
    assert problem.hint == "did you mean `deep/train.py`?"
    assert read("name: x\nentrypoint: sleep 1 | deep/train.py\n", tmp_path, "f").valid
    assert read("name: x\nentrypoint: python somewhere/else.py\n", tmp_path, "f").valid


def test_the_default_entrypoint_must_be_there_too(tmp_path: Path) -> None:
    assert "`index.py`" in the_problem(read("name: x\n", tmp_path, "f")).message
    assert "`main.py`" in the_problem(read("jobs: [{name: a}]\n", tmp_path, "f")).message


@pytest.mark.parametrize("path", ["../a.py", "/tmp/a.py", "deep/../../a.py"])
def test_an_entrypoint_is_inside_the_project(tmp_path: Path, path: str) -> None:
    assert the_problem(read(f"name: x\nentrypoint: {path}\n", tmp_path, "f")).code == Code.ENTRYPOINT


def test_a_name_that_no_file_can_have_is_a_missing_file(tmp_path: Path) -> None:
    assert the_problem(read(f"name: x\nentrypoint: {'x' * 400}.py\n", tmp_path, "f")).code == Code.MISSING_FILE


def test_files_are_not_looked_for_beside_a_sample(tmp_path: Path) -> None:
    for name, valid in (("metis.config.yml", False), ("metis.config.yaml", False), ("sample.yml", True)):
        (tmp_path / name).write_text("name: x\nentrypoint: nowhere.py\n")
        assert load(tmp_path / name).valid is valid
