from __future__ import annotations

from pathlib import Path

import pytest

from skafd.environments.pip_config import pip_settings
from skafd.environments.tool import index_settings, uv_variables


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".config" / "pip"
    folder.mkdir(parents=True)
    text = "[global]\nindex-url = https://mirror.example/simple\nextra-index-url =\n    https://a.example\n    https://b.example\n"
    (folder / "pip.conf").write_text(f"{text}[install]\nfind-links = /srv/one\n  /srv/two\n")
    return tmp_path


def test_a_mirror_that_was_set_up_for_pip_counts_for_uv(home: Path) -> None:
    found = uv_variables({"HOME": str(home)})
    assert found["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert found["UV_INDEX"] == "https://a.example https://b.example"
    assert found["UV_FIND_LINKS"] == "/srv/one,/srv/two"


def test_variables_and_the_config_of_uv_go_before_it(home: Path) -> None:
    assert "UV_DEFAULT_INDEX" not in uv_variables({"HOME": str(home), "UV_INDEX_URL": "https://own.example"})
    assert uv_variables({"HOME": str(home), "PIP_INDEX_URL": "https://p"})["UV_DEFAULT_INDEX"] == "https://p"
    (home / ".config" / "uv").mkdir()
    (home / ".config" / "uv" / "uv.toml").write_text("")
    assert pip_settings({"HOME": str(home)}) == {}


def test_a_file_that_is_named_wins_and_none_may_be_wanted(home: Path) -> None:
    other = home / "other.conf"
    other.write_text("[global]\nindex-url = https://other.example\n")
    assert pip_settings({"HOME": str(home), "PIP_CONFIG_FILE": str(other)})["PIP_INDEX_URL"] == "https://other.example"
    assert pip_settings({"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null"}) == {}
    other.write_text("no section\n")
    assert "PIP_INDEX_URL" in pip_settings({"HOME": str(home), "PIP_CONFIG_FILE": str(other)})


def test_where_packages_come_from_is_told_apart_without_passwords() -> None:
    one = {"UV_INDEX_URL": "https://me:secret@host/simple", "UV_CACHE_DIR": "/x"}
    assert index_settings(one) == ("UV_INDEX_URL=https://host/simple",)
    assert index_settings({**one, "UV_INDEX_URL": "https://you:other@host/simple"}) == index_settings(one)
