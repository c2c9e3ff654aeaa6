"""A project keeps its identity and its short name, wherever its folder goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.errors import NotFound, Refused
from skafd.model.ids import ProjectId
from skafd.store import Database
from skafd.store.slugs import slug_of
from skafd.store.views import ProjectRow
from tests.support.stored import CONFIG, NOON, add_churn


def add(database: Database, path: Path, name: str = "churn", token: str | None = None) -> ProjectRow:
    path.mkdir(parents=True, exist_ok=True)
    with database.transaction() as writer:
        return writer.add_project(path, name, token, NOON)


def slugs(database: Database, forgotten: bool = False) -> list[str]:
    with database.reader() as reader:
        return [row.slug for row in reader.projects(forgotten)]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("churn", "churn"),
        ("Churn model (v2)", "Churn-model-v2"),
        ("a.b_c-d", "a.b_c-d"),
        ("Größe", "Groe"),
        ("été", "ete"),
        ("../../etc", "etc"),
        ("--help", "help"),
        ("模型", "project"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_name_is_made_fit_for_paths_and_command_lines(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_folder_is_found_again_by_its_path(database: Database, tmp_path: Path) -> None:
    first = add(database, tmp_path / "a")
    assert add(database, tmp_path / "a" / ".." / "a", "another name") == first


def test_two_projects_of_one_name_get_two_short_names(database: Database, tmp_path: Path) -> None:
    rows = [add(database, tmp_path / folder, name) for folder, name in [("a", "churn"), ("b", "Churn"), ("c", "churn")]]
    assert [row.slug for row in rows] == ["churn", "Churn-2", "churn-3"]
    assert [row.name for row in rows] == ["churn", "Churn", "churn"]


def test_a_moved_folder_keeps_its_identity_by_its_token(database: Database, tmp_path: Path) -> None:
    first = add(database, tmp_path / "a", token="t1")
    (tmp_path / "a").rename(tmp_path / "b")
    moved = add(database, tmp_path / "b", token="t1")
    assert (moved.id, moved.slug, moved.path) == (first.id, first.slug, tmp_path / "b")


def test_a_copy_with_the_same_token_is_refused_naming_the_first(database: Database, tmp_path: Path) -> None:
    add(database, tmp_path / "a", token="t1")
    with pytest.raises(Refused, match=f"{tmp_path}/copy .* churn, which is in {tmp_path}/a"):
        add(database, tmp_path / "copy", token="t1")


def test_a_forgotten_folder_leaves_its_token_to_another(database: Database, tmp_path: Path) -> None:
    first = add(database, tmp_path / "a", token="t1")
    with database.transaction() as writer:
        writer.forget_project(first.id)
    assert add(database, tmp_path / "copy", token="t1").id == first.id


def test_a_project_that_is_given_a_token_stays_itself(database: Database, tmp_path: Path) -> None:
    first = add(database, tmp_path / "a")
    assert add(database, tmp_path / "a", token="t1").id == first.id
    (tmp_path / "a").rename(tmp_path / "b")
    assert add(database, tmp_path / "b", token="t1").id == first.id
    assert add(database, tmp_path / "a").id != first.id


def test_a_project_that_loses_its_token_stays_itself(database: Database, tmp_path: Path) -> None:
    first = add(database, tmp_path / "a", token="t1")
    assert add(database, tmp_path / "a", token="") == first


def test_another_token_in_a_folder_is_another_project(database: Database, tmp_path: Path) -> None:
    add(database, tmp_path / "a", "one", token="t1")
    second = add(database, tmp_path / "a", "two", token="t2")
    assert slugs(database) == [second.slug] == ["two"]
    assert slugs(database, forgotten=True) == ["one", "two"]


def test_a_project_that_moves_to_where_another_was_stays_itself(database: Database, tmp_path: Path) -> None:
    add(database, tmp_path / "a", "one")
    second = add(database, tmp_path / "b", "two", token="t2")
    (tmp_path / "a").rmdir()
    (tmp_path / "b").rename(tmp_path / "a")
    assert add(database, tmp_path / "a", "two", token="t2").id == second.id
    assert slugs(database) == ["two"]


def test_a_forgotten_project_is_off_the_list_and_comes_back_with_its_history(
    database: Database, project: ProjectId, tmp_path: Path
) -> None:
    with database.transaction() as writer:
        writer.forget_project(project)
    with database.reader() as reader:
        assert (reader.projects(), reader.live_deployments()) == ((), ())
    assert add(database, tmp_path).live_deployment == 1
    assert slugs(database) == ["churn"]


def test_the_short_name_follows_the_name_until_the_first_deployment(database: Database, tmp_path: Path) -> None:
    row = add(database, tmp_path / "folder", "folder")
    with database.transaction() as writer:
        assert writer.rename(row.id, "churn").slug == "churn"
        writer.record_deployment(row.id, "hash", CONFIG, "environment", NOON)
        renamed = writer.rename(row.id, "turnover")
    assert (renamed.name, renamed.slug) == ("turnover", "churn")


def test_a_problem_stays_until_it_is_solved(database: Database, project: ProjectId) -> None:
    problem = {"stage": "config", "details": [{"line": 3}]}
    for expected in (problem, None):
        with database.transaction() as writer:
            writer.set_problem(project, expected)
        with database.reader() as reader:
            assert reader.project(project).problem == expected


def test_variables_are_set_replaced_and_deleted(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        writer.set_variable(project, "PASSWORD", "one")
        writer.set_variable(project, "PASSWORD", "two")
        writer.set_variable(project, "HOST", "db")
    with database.reader() as reader:
        assert reader.variables(project) == {"HOST": "db", "PASSWORD": "two"}
    with database.transaction() as writer:
        writer.delete_variable(project, "HOST")
    with pytest.raises(NotFound, match="HOST"), database.transaction() as writer:
        writer.delete_variable(project, "HOST")
    with database.reader() as reader:
        assert reader.variables(project) == {"PASSWORD": "two"}


def test_a_person_may_name_a_project_in_four_ways(database: Database, tmp_path: Path) -> None:
    wanted = add(database, tmp_path / "a", "Churn model", "t1")
    with database.reader() as reader:
        for text in ("churn-model", "t1", str(tmp_path / "a"), "Churn model"):
            assert reader.find_project(text) == wanted


def test_a_name_that_means_no_project_or_several_is_answered_with_those_there_are(
    database: Database, tmp_path: Path
) -> None:
    with database.reader() as reader, pytest.raises(NotFound) as nothing:
        reader.find_project("churn")
    assert nothing.value.hint == "`skafd up DIR` adds one"
    for folder in ("a", "b"):
        add(database, tmp_path / folder, "my model")
    with database.reader() as reader, pytest.raises(NotFound) as several:
        reader.find_project("my model")
    assert several.value.hint == "say which by its short name: my-model, my-model-2"


def test_what_does_not_exist_is_said_so(database: Database, tmp_path: Path) -> None:
    with database.reader() as reader, pytest.raises(NotFound):
        reader.project(ProjectId("nobody"))
    with pytest.raises(NotFound), database.transaction() as writer:
        writer.rename(ProjectId("nobody"), "somebody")
    assert add_churn(database, tmp_path)


def test_folders_that_hold_projects_are_remembered_once(database: Database, tmp_path: Path) -> None:
    with database.transaction() as writer:
        for name in ("b", "a", "b", "gone"):
            writer.add_parent_folder(tmp_path / name, NOON)
        writer.forget_parent_folder(tmp_path / "gone")
    with database.reader() as reader:
        assert reader.parent_folders() == (tmp_path / "a", tmp_path / "b")
