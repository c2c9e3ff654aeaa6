"""The graph through the installed command: what is asked of it, and what it says."""

from __future__ import annotations

from tests.support.installed import Installed
from tests.support.rules import states_rule

FAILING = """\
name: churn
jobs:
  - {name: ingest, entrypoint: "exit 3", on_deploy: wait}
  - {name: train, entrypoint: "true", dependencies: [ingest]}
"""


def test_why_says_one_sentence_for_a_task_a_run_a_job_and_a_project(installed: Installed) -> None:
    states_rule(
        "The sentence of a project is about its last save where that is not live, about an occurrence that was missed "
        "since its newest run, else about that run."
    )
    folder = installed.write_project("churn", {"metis.config.yml": FAILING})
    installed.ok("up", folder, "--detach")
    assert installed.ok("why", "churn") == "churn has never run: `skafd run churn` starts it\n"
    assert installed.ok("why", "churn/ingest").startswith("churn/ingest has never run")
    installed.ok("run", "churn")
    installed.wait_for_run("churn/1")
    train = "churn/1/train did not start: 'ingest' failed: exit code 3\n"
    assert installed.ok("why", "churn/1/train") == train
    assert installed.ok("why", "churn/train") == train
    assert installed.ok("why", "churn/1") == "churn/1 failed: churn/1/ingest failed: exit code 3\n"
    assert installed.ok("why", "churn") == installed.ok("why", "churn/1")
    detail = installed.show("churn/1")
    assert f"{detail['tasks'][1]['why']}\n" == train
    assert train.strip() in installed.ok("show", "churn/1")
    (folder / "metis.config.yml").write_text("name: churn\njobs: [{name: ingest, schedul: x}]\n")
    installed.wait_for("the save to be refused", lambda: "not live" in installed.ok("why", "churn"))
