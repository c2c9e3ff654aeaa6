"""Projects that name no Python and pin what was made for an older one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.environments.indexes import index_urls
from skafd.environments.interpreter import Interpreters, own_interpreter
from skafd.environments.older_python import Older, older_python
from skafd.environments.requirements import Requirements
from skafd.environments.wanted import Wanted
from tests.support.package_index import PackageIndex, serving
from tests.support.pythons import need_python


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    with serving(tmp_path / "index") as index:
        for tag in ("cp36-cp36m", "cp38-cp38"):
            index.publish("numpy", "1.15.1")
            (tmp_path / "index" / "numpy-1.15.1-py3-none-any.whl").rename(
                tmp_path / "index" / f"numpy-1.15.1-{tag}-manylinux1_x86_64.whl"
            )
        index.publish("six", "1.0")
        yield index


def find(index: PackageIndex, tmp_path: Path, *lines: str) -> Older | None:
    wanted = Wanted(tmp_path, Requirements(list(lines)))
    variables = {**os.environ, "UV_DEFAULT_INDEX": index.url}
    assert index_urls(variables, wanted)[0] == index.url
    return older_python(wanted, own_interpreter(), Interpreters(), variables)


def test_the_newest_python_that_all_pinned_packages_have_wheels_for(index: PackageIndex, tmp_path: Path) -> None:
    need_python("3.8")
    found = find(index, tmp_path, "numpy==1.15.1", "six==1.0", "pandas")
    assert found is not None
    assert found.interpreter.version.startswith("3.8.")
    assert found.reason.startswith("numpy==1.15.1: there are no wheels for Python 3.")


@pytest.mark.parametrize("lines", [("six==1.0",), ("numpy",), ("numpy==9.9",), ("unknown==1.0",)])
def test_where_the_python_is_not_the_matter_none_is_chosen(
    index: PackageIndex, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    assert find(index, tmp_path, *lines) is None
