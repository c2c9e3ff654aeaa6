"""Tags of runs, and who asked for them."""

from __future__ import annotations

from dataclasses import replace

from skafd.model.decisions import Decisions
from skafd.model.ids import ProjectId, RunKey
from skafd.model.run import Cause, CauseKind
from skafd.store import Database
from tests.support.stored import apply, life, new_run


def test_runs_are_found_by_tag_and_by_who_asked(database: Database, project: ProjectId) -> None:
    apply(database, *life(project, 1))
    asked = replace(new_run(project, 2), cause=Cause(CauseKind.MANUAL, user="will"))
    apply(database, Decisions((asked,)))
    with database.transaction() as writer:
        writer.tag_run(RunKey(project, 1), ["good", "old", "good"], ["new"])
        writer.tag_run(RunKey(project, 1), ["baseline"], ["old"])
        writer.tag_run(RunKey(project, 9), ["nobody"], [])
    with database.reader() as reader:
        assert [run.tags for run in reader.runs(project)] == [(), ("baseline", "good")]
        assert [run.key.number for run in reader.runs(tag="good")] == [1]
        assert reader.runs(tag="old") == reader.runs(tag="nobody") == ()
        assert [run.key.number for run in reader.runs(project, user="will")] == [2]
        assert [run.key.number for run in reader.runs(user="")] == [1]
        assert reader.run(asked.key).run.cause == asked.cause
        assert reader.whole_run(asked.key)[0].cause == asked.cause


def test_the_tags_of_a_run_go_with_it(database: Database, project: ProjectId) -> None:
    apply(database, *life(project, 1))
    with database.transaction() as writer:
        writer.tag_run(RunKey(project, 1), ["good"], [])
        writer.delete_runs([RunKey(project, 1)])
    with database.reader() as reader:
        assert reader.runs(tag="good") == ()
        assert reader._one("SELECT count(*) AS tags FROM run_tag")["tags"] == 0  # type: ignore[index]
