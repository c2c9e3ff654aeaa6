"""The picture of a project's graph."""

from __future__ import annotations

from pathlib import Path

from skafd.config import read
from skafd.config.drawing import draw_graph
from tests.support.installed import EXAMPLES


def draw(jobs: str) -> list[str]:
    project = read(f"name: x\njobs:\n{jobs}", None, "metis.config.yml").project
    assert project is not None
    return [line.strip() for line in draw_graph(project).splitlines()]


def test_jobs_and_what_sets_them_off() -> None:
    assert draw(
        "  - {name: a, entrypoint: 'true', schedule: '@daily', on: [{event: ready}]}\n"
        "  - {name: b, entrypoint: 'true', parallelism: 3}\n"
        "  - {name: c, entrypoint: 'true', dependencies: [a, b], trigger: any}\n"
        "  - {name: d, entrypoint: 'true', always: true}\n"
    ) == [
        "flowchart LR",
        'job0["a"]',
        'on0_job0(["@daily"]) --> job0',
        'on1_job0(["event ready"]) --> job0',
        'job1[["b x 3"]]',
        'job2["c"]',
        "job0 -. any .-> job2",
        "job1 -. any .-> job2",
        'job3{{"d at the end"}}',
    ]


def test_what_would_be_markup_is_none() -> None:
    assert draw("""  - {name: 'a "b" <c> #d', entrypoint: 'true'}\n""")[1] == 'job0["a #quot;b#quot; #lt;c> #35;d"]'


def test_every_example_can_be_drawn() -> None:
    for config in sorted(Path(EXAMPLES).glob("*/metis.config.yml")):
        project = read(config.read_text(), config.parent, config.name).project
        assert project is not None
        assert len(draw_graph(project).splitlines()) > len(project.jobs)
