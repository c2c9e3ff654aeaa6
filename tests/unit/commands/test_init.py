"""New projects from templates."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skafd.commands.init import project_name
from skafd.commands.templating import Filling, all_templates
from skafd.config import load
from tests.unit.commands.conftest import Shell

TEMPLATES = [template.name for template in all_templates()]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_makes_a_valid_project(shell: Shell, template: str) -> None:
    ended = shell("init", "churn", "--template", template)
    assert ended.code == 0
    assert ended.out.endswith("next: skafd up churn\n")
    reading = load(Path("churn/metis.config.yml"))
    assert reading.problems == ()
    assert reading.project is not None
    assert reading.project.name == "churn"
    assert re.fullmatch("[0-9a-f]{24}", reading.project.token or "")
    for job in reading.project.jobs:
        assert re.fullmatch(UUID, job.id)
    for path in Path("churn").rglob("*"):
        assert path.is_dir() or b"{{" not in path.read_bytes(), path
    assert not Path("churn/template.yml").exists()
    assert shell("validate", "churn").code == 0


def test_the_base_template_runs_at_once(shell: Shell) -> None:
    shell("init", "churn", "--org", "acme", "--master")
    subprocess.run([sys.executable, "main.py"], cwd="churn", check=True, capture_output=True)


def test_two_projects_have_different_tokens_and_ids(shell: Shell) -> None:
    for name in ("one", "two"):
        shell("init", name)
    first, second = (load(Path(name, "metis.config.yml")).project for name in ("one", "two"))
    assert first and second
    assert first.token != second.token
    assert first.jobs[0].id != second.jobs[0].id


def test_a_folder_with_files_gets_a_config_and_nothing_else(shell: Shell) -> None:
    Path("main.py").write_text("print('mine')\n")
    ended = shell("init", "--template", "etl")
    assert ended.code == 0
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["main.py", "metis.config.yml"]
    [job] = load(Path("metis.config.yml")).project.jobs  # type: ignore[union-attr]
    assert (job.name, job.entrypoint) == ("Main", "main.py")


def test_a_fresh_repository_counts_as_empty(shell: Shell) -> None:
    Path(".git").mkdir()
    assert shell("init").code == 0
    assert Path("main.py").exists()


def test_a_project_is_not_overwritten(shell: Shell) -> None:
    Path("metis.config.yml").write_text("name: mine\n")
    ended = shell("init")
    assert ended.code == 1
    assert "is a project already" in ended.err
    assert Path("metis.config.yml").read_text() == "name: mine\n"


def test_an_unknown_template_is_said_with_the_known_ones(shell: Shell) -> None:
    ended = shell("init", "churn", "--template", "bitcoin")
    assert ended.code == 1
    assert "there is no template bitcoin" in ended.err
    assert "train-and-score" in ended.err
    assert not Path("churn").exists()


def test_a_file_of_that_name_is_in_the_way(shell: Shell) -> None:
    Path("churn").write_text("")
    assert shell("init", "churn").code == 1


@pytest.mark.parametrize(
    ("folder", "name"),
    [("churn", "churn"), ("my churn: 2", "my-churn-2"), ('"{{x}}"', "x"), ("größe", "größe"), ("..", "project")],
)
def test_the_name_of_a_project_is_fit_for_its_config(folder: str, name: str) -> None:
    assert project_name(Path("/srv") / folder) == name


def test_a_named_job_id_is_the_same_wherever_it_is_named() -> None:
    filling = Filling("churn")
    one, other, again, nobody, nobody_else = filling.fill(
        "{{job_id:train}} {{job_id:score}} {{ job_id:train }} {{job_id}} {{job_id}}"
    ).split()
    assert one == again
    assert len({one, other, nobody, nobody_else}) == 4
    assert filling.fill("{{job_name}} {{other}} {{token}}") == "Main {{other}} " + filling.fill("{{token}}")


def test_templates_are_listed_and_searched(shell: Shell) -> None:
    listed = json.loads(shell("templates", "--json").out)
    assert {"base", "etl", "notebook", "train-and-score"} <= {each["name"] for each in listed}
    assert shell("templates", "--search", "SCIKIT", "--update").out.startswith("train-and-score  ")
    assert shell("templates", "--search", "no such thing").out == ""


def test_validate_says_what_is_wrong_and_where(shell: Shell) -> None:
    Path("metis.config.yml").write_text("name: x\njobs:\n  - name: a\n    entrypont: a.py\n")
    ended = shell("validate")
    assert ended.code == 1
    assert "metis.config.yml:4:5" in ended.out
    said = json.loads(shell("validate", "metis.config.yml", "--json").out)
    assert said["valid"] is False
    assert said["problems"][0]["line"] == 4


def test_validate_where_there_is_no_config(shell: Shell) -> None:
    assert "no metis.config.yml in" in shell("validate").err
    assert shell("validate", "nowhere").code == 1


def test_the_schema_is_json(shell: Shell) -> None:
    assert "properties" in shell("schema").out
    json.loads(shell("schema").out)


def test_doctor_says_what_it_found(shell: Shell) -> None:
    ended = shell("doctor", "--json")
    findings = json.loads(ended.out)
    assert ended.code == (1 if any(each["severity"] == "error" for each in findings) else 0)
    assert {"topic", "severity", "says", "advice"} == set(findings[0])
    assert findings[0]["topic"] in shell("doctor").out
