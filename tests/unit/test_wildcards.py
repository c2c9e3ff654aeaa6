"""Which paths a pattern finds."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.wildcards import find

NAMES = st.sampled_from(["a", "b", "a.csv", ".a", "[a]"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.sampled_from(["a", "b", "a*", "*", "**", ".*", "?", "[ab]", "*.csv", "[[]a]", "", "."])
PATTERNS = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(lambda pattern: not pattern.startswith("/"))


def _make(folder: Path, path: str) -> None:
    """A file, unless its way leads through one that is there."""
    try:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    except OSError:
        return


@given(st.lists(PATHS, max_size=6), st.lists(st.tuples(PATHS, NAMES), max_size=2), PATTERNS)
@settings(deadline=None, max_examples=200)
def test_all_that_python_itself_finds_and_nothing_else(
    files: list[str], links: list[tuple[str, str]], pattern: str
) -> None:
    root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    try:
        tree, beside = root / "tree", root / "beside"
        for path in files:
            _make(tree, path)
            _make(beside, path)
        tree.mkdir(exist_ok=True)
        for path, target in links:
            if (tree / path).parent.is_dir() and not os.path.lexists(tree / path):
                (tree / path).symlink_to(beside / target)
        found = glob.iglob(pattern, root_dir=tree, recursive=True)  # noqa: PTH207 the one to be like
        # Some Pythons find `a/` for `a/**` where there is no such folder; and they leave several slashes as they are.
        there = {re.sub("/+", "/", path) for path in found if os.path.lexists(f"{tree}/{path}")}
        assert {re.sub("/+", "/", path) for path in find(pattern, tree)} == there
    finally:
        shutil.rmtree(root)


def test_links_to_where_they_are_have_an_end(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "x.csv").touch()
    for name in ("one", "two", "three"):
        (tmp_path / "in" / name).symlink_to(".")
        (tmp_path / "in" / "deep" / name).symlink_to(tmp_path)
    found = set(find("in/**/x.csv", tmp_path))
    assert "in/deep/x.csv" in found
    assert "in/deep/x.csv" in set(find("in/**/**/x.csv", tmp_path))
    assert set(find("in/**/nothing", tmp_path)) == set()


def test_what_is_not_there_has_nothing_in_it(tmp_path: Path) -> None:
    for pattern in ("**", "**/x.csv", "*/x.csv", "x.csv", "*"):
        assert list(find(pattern, tmp_path / "gone")) == []
        assert list(find(f"gone/{pattern}", tmp_path)) == []
