"""Where to look for files, and what counts as one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from skafd.config import read
from skafd.inbox.ignored import inbox_warnings
from skafd.inbox.pattern import Pattern
from skafd.inbox.scope import InboxScope
from tests.support.rules import states_rule


@pytest.mark.parametrize(
    ("text", "folder", "glob", "depth"),
    [
        ("inbox/*.csv", "/p/inbox", "*.csv", 0),
        ("one.csv", "/p", "one.csv", 0),
        ("/srv/in/**/*.csv", "/srv/in", "**/*.csv", None),
        ("in/[ab]/x?.csv", "/p/in", "[ab]/x?.csv", 1),
        ("../next/*", "/p/../next", "*", 0),
    ],
)
def test_the_folder_is_what_is_fixed(text: str, folder: str, glob: str, depth: int | None) -> None:
    pattern = Pattern.of(text, Path("/p"))
    assert (str(pattern.folder), pattern.glob, pattern.depth) == (folder, glob, depth)


def test_unfinished_and_hidden_files_are_passed_by(tmp_path: Path) -> None:
    states_rule(
        "Names that programs give to unfinished files, such as `*.tmp`, `*.part` and `*~`, "
        "and hidden files are passed by until they are renamed.",
        "events",
    )
    for name in ("a.csv", "b.csv.tmp", "c.part", "d~", ".e.csv", "f.crdownload"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.csv")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).write_text("no UTF-8")
    found = Pattern.of("*", tmp_path).find()
    assert {Path(path).name for path in found} == {"a.csv", "link.csv"}
    assert {Path(path).name for path in Pattern.of("*.part", tmp_path).find()} == {"c.part"}, "it is meant"
    assert Pattern.of("nowhere/*", tmp_path).find() == {}


def test_a_file_that_is_written_looks_different(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    before = Pattern.of("*.csv", tmp_path).find()
    path.write_text("12")
    assert Pattern.of("*.csv", tmp_path).find() != before


def test_only_folders_that_a_pattern_reaches_are_entered(tmp_path: Path) -> None:
    flat = InboxScope(tmp_path, [Pattern.of("*.csv", tmp_path)])
    deep = InboxScope(tmp_path, [Pattern.of("*.csv", tmp_path), Pattern.of("*/*/x", tmp_path)])
    endless = InboxScope(tmp_path, [Pattern.of("**/*.csv", tmp_path)])
    assert [scope.enters("a") for scope in (flat, deep, endless)] == [False, True, True]
    assert [scope.enters("a/b/c") for scope in (flat, deep, endless)] == [False, False, True]
    assert not endless.enters(".git")
    assert flat.concerns("a.csv", False)


def test_a_deployment_says_that_an_inbox_would_be_deployed(tmp_path: Path) -> None:
    states_rule("Where arriving files would be deployed as a part of the project, the deployment says so", "events")
    on = "[{file: inbox/*.csv}, {file: in/*/x.csv}, {file: '*.dat'}, {file: /srv/*.csv}, {file: ../x/*}]"
    config = read(f"name: x\njobs:\n  - {{name: a, entrypoint: 'true', on: {on}}}\n", None, "metis.config.yml").project
    assert config is not None
    (tmp_path / ".gitignore").write_text("/in/\n")
    warnings = list(inbox_warnings(tmp_path, config))
    assert len(warnings) == 2
    assert "arrives as inbox/*.csv" in warnings[0]
    assert "name inbox/ in its .gitignore" in warnings[0]
    assert "name *.dat in its" in warnings[1]
    (tmp_path / ".skafosignore").write_text("inbox/*.csv\n*.dat\n")
    assert list(inbox_warnings(tmp_path, config)) == []
