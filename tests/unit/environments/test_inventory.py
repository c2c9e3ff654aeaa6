from __future__ import annotations

from pathlib import Path

import pytest

from skafd.environments.inventory import Inventories, take_inventory


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    for name in ("bin/python", "lib/site/alpha/__init__.py", "lib/site/alpha/data.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "lib64").symlink_to("lib")
    take_inventory(tmp_path)
    return tmp_path


def test_one_that_has_all_its_files_is_whole_and_may_have_more(environment: Path) -> None:
    inventories = Inventories()
    assert inventories.is_whole(environment)
    cache = environment / "lib/site/alpha/__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_text("")
    assert inventories.is_whole(environment)
    (cache / "x.pyc").unlink()
    cache.rmdir()
    assert inventories.is_whole(environment)


@pytest.mark.parametrize("lost", ["lib/site/alpha/data.csv", "bin/python", "lib64", "skafd/files.json"])
def test_one_that_lost_a_file_is_found_out_by_who_has_seen_it_whole_and_by_who_has_not(
    environment: Path, lost: str
) -> None:
    inventories = Inventories()
    assert inventories.is_whole(environment)
    (environment / lost).unlink()
    assert not Inventories().is_whole(environment)
    assert lost == "skafd/files.json" or not inventories.is_whole(environment)
