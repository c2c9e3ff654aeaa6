"""The answer of `skafd validate --json`."""

import json

from skafd.config import read, report

TEXT = """
name: tides
jobs:
  - name: fetch
    schedule: 0 5 * * *
    parallelism: 02
    resources: {limits: {cpu: 2, memory: 1Gi}}
  - id: 7
    name: draw
    entrypoint: draw.py
    dependencies: fetch
    max_runs: 3
    schedule: ["@daily", {cron: "0 3 * * *"}]
"""


def test_jobs_are_told_as_they_are_written() -> None:
    told = json.loads(json.dumps(report(read(TEXT, None, "f"))))
    assert told == {
        "valid": True,
        "generation": "jobs",
        "project": {
            "name": "tides",
            "jobs": [
                {
                    "id": "fetch",
                    "name": "fetch",
                    "entrypoint": "main.py",
                    "language": "python",
                    "schedule": "0 5 * * *",
                    "dependencies": [],
                    "parallelism": "02",
                    "max_runs": None,
                    "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
                },
                {
                    "id": "7",
                    "name": "draw",
                    "entrypoint": "draw.py",
                    "language": "python",
                    "schedule": ["@daily", "0 3 * * *"],
                    "dependencies": ["fetch"],
                    "parallelism": None,
                    "max_runs": "3",
                    "resources": None,
                },
            ],
        },
        "problems": [],
    }


def test_jobs_are_told_although_one_is_wrong() -> None:
    told = report(read("name: x\njobs:\n- name: a\n  timeout: 0\n", None, "f"))
    assert told["valid"] is False
    assert [job["name"] for job in told["project"]["jobs"]] == ["a"]
    assert told["problems"] == [
        {
            "severity": "error",
            "code": "limits",
            "line": 4,
            "column": 12,
            "message": "`0` is impossible: a time span is more than nothing and at most ten years",
            "hint": None,
        }
    ]


def test_a_file_that_cannot_be_parsed_has_no_project_but_a_generation() -> None:
    told = report(read("name: {{name}}\nproject_tasks:\n- name: a\n", None, "f"))
    assert (told["valid"], told["project"], told["generation"]) == (False, None, "project_tasks")
