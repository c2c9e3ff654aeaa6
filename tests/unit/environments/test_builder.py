"""What is taken over from a user whose code made it: nothing that was left there leads anywhere else."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from skafd.environments.builder import Builder, belongs_to_us, python_for, read_from, take_back
from skafd.environments.inventory import FILE, take_inventory
from skafd.environments.owned.wording import from_measure, to_measure, wish_of
from skafd.environments.progress import Measure, Unit
from skafd.environments.tool import settings_for_all
from skafd.model.environment import EnvironmentWish


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "files.json").write_text("precious")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    return folder


def test_a_link_in_the_place_of_the_notes_is_not_followed(environment: Path, victim: Path) -> None:
    (environment / "skafd").symlink_to(victim)
    take_back(environment, ("activation.json",))
    take_inventory(environment)
    assert not (environment / "skafd").is_symlink()
    assert (environment / FILE).is_file()
    assert (victim / "files.json").read_text() == "precious"


def test_of_the_notes_only_files_that_are_awaited_stay(environment: Path, victim: Path) -> None:
    notes = environment / "skafd"
    (notes / "source" / "package").mkdir(parents=True)
    (notes / "activation.json").write_text("{}")
    (notes / "files.json").symlink_to(victim / "files.json")
    os.mkfifo(notes / "pipe")
    take_back(environment, ("activation.json",))
    assert sorted(path.name for path in notes.iterdir()) == ["activation.json", "source"]
    take_inventory(environment)
    assert (victim / "files.json").read_text() == "precious"


def test_an_answer_is_a_file_and_no_link_or_pipe(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "link").symlink_to(victim / "files.json")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=name):
            read_from(tmp_path / name)
    assert read_from(victim / "files.json") == "precious"


def test_a_program_in_a_closed_folder_is_not_for_others(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("")
    program.chmod(0o755)
    tmp_path.chmod(0o700)
    somebody = Builder(os.geteuid() + 54_321, os.getegid() + 54_321, ())
    assert not somebody.may_run(program)
    assert python_for(None, program) == program
    assert python_for(somebody, program) != program or not Path("/usr/bin/python3").exists()


def test_a_program_is_trusted_where_nobody_else_could_put_another(tmp_path: Path) -> None:
    assert belongs_to_us(Path("/usr/bin/env"))
    assert not belongs_to_us(Path("env"))
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    (open_folder / "python").symlink_to("/usr/bin/env")
    open_folder.chmod(0o777)
    assert not belongs_to_us(open_folder / "python")


def test_settings_are_handed_on_without_logins() -> None:
    found = settings_for_all(
        {
            "UV_INDEX_URL": "https://me:secret@host/simple",
            "UV_CACHE_DIR": "/root/cache",
            "PIP_FIND_LINKS": "/opt/wheels",
        }
    )
    assert found == {"UV_INDEX_URL": "https://host/simple", "PIP_FIND_LINKS": "/opt/wheels"}


def test_how_far_it_is_comes_over_and_other_lines_do_not_pass_for_it() -> None:
    measure = Measure("downloading torch", 3, 8, Unit.BYTES)
    assert to_measure(from_measure(measure)) == measure
    assert to_measure("measure 3 of 8") is None
    assert to_measure(from_measure(measure)[:-5]) is None


def test_a_wish_comes_over_as_it_was() -> None:
    for wish in (EnvironmentWish(), EnvironmentWish("3.11", packages=("six",), conda_channels=("forge",))):
        assert wish_of(json.loads(json.dumps(asdict(wish)))) == wish
