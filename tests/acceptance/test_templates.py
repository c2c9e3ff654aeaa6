"""Every template: `skafd init`, and what it made is valid and runs at once, without a change."""

from __future__ import annotations

import json

import pytest

from skafd.commands.templating import all_templates
from tests.support.installed import Installed

JOBS = {
    "base": ["Main"],
    "etl": ["extract", "transform", "load"],
    "notebook": ["Main"],
    "train-and-score": ["train", "score"],
}


def test_each_template_has_its_expectation() -> None:
    assert [template.name for template in all_templates()] == list(JOBS)
    assert all(template.folder.name == template.name and template.description for template in all_templates())


@pytest.mark.parametrize("name", JOBS)
def test_a_project_from_a_template_is_valid_and_runs(name: str) -> None:
    with Installed() as installed:
        installed.ok("init", "first-try", "--template", name)
        folder = installed.projects / "first-try"
        assert "{{" not in "".join(path.read_text() for path in folder.rglob("*") if path.is_file())

        config = json.loads(installed.ok("validate", folder, "--json"))
        assert config["valid"]
        assert config["problems"] == []
        assert [job["name"] for job in config["project"]["jobs"]] == JOBS[name]

        installed.ok("up", folder, "--detach")
        installed.ok("run", "first-try", "--wait")
        newest = installed.json("runs", "first-try")[0]["run"]
        assert [task["state"] for task in installed.show(newest)["tasks"]] == ["succeeded"] * len(JOBS[name])
