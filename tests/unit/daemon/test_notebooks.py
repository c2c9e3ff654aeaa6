"""Which executed notebook is meant, and reading what a job left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from skafd.daemon.notebooks import Converter, Executed, find_converter, find_notebook, read_page
from skafd.errors import NotFound, Refused
from skafd.home import Home


@pytest.fixture
def place(tmp_path: Path) -> Executed:
    """A task that has executed two."""
    for name in ("1-load.ipynb", "3-report.ipynb"):
        (tmp_path / name).write_text("{}")
    return Executed("churn/42/lab", tmp_path)


def test_one_is_meant_by_its_name(place: Executed) -> None:
    for name in ("report.ipynb", "3-report.ipynb"):
        assert find_notebook("churn/42", [place], name)[1].name == "3-report.ipynb"
    with pytest.raises(Refused, match=r"several notebooks: churn/42/lab 1-load\.ipynb, churn/42/lab 3-report\.ipynb"):
        find_notebook("churn/42", [place], None)
    with pytest.raises(NotFound, match=r"no notebook x\.ipynb in churn/42"):
        find_notebook("churn/42", [place], "x.ipynb")


def test_the_only_one_is_meant_without_a_name(place: Executed) -> None:
    (place.folder / "1-load.ipynb").unlink()
    nothing = Executed("churn/42/train", place.folder / "nowhere")
    assert find_notebook("churn/42", [nothing, place], None)[0] is place
    with pytest.raises(NotFound, match="churn/42 has executed no notebook"):
        find_notebook("churn/42", [nothing], None)


def test_it_is_read_as_it_is(place: Executed) -> None:
    page = read_page(place, place.folder / "3-report.ipynb", None)
    assert (page.task, page.name, page.content) == ("churn/42/lab", "report.ipynb", "{}")


def test_a_link_that_a_job_put_there_is_not_followed(place: Executed, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "4-link.ipynb").symlink_to(tmp_path / "secret")
    with pytest.raises(NotFound, match="cannot be read"):
        read_page(place, tmp_path / "4-link.ipynb", None)
    (tmp_path / "5-folder.ipynb").mkdir()
    with pytest.raises(Refused, match="is no file"):
        read_page(place, tmp_path / "5-folder.ipynb", None)


def test_what_cannot_be_converted_is_told_with_a_way_out(place: Executed, tmp_path: Path) -> None:
    program = tmp_path / "to_html.py"
    program.write_text("import sys; sys.exit('no such luck')")
    with pytest.raises(Refused, match="no such luck") as caught:
        read_page(place, tmp_path / "3-report.ipynb", Converter(Path(sys.executable), program))
    assert "--ipynb" in (caught.value.hint or "")
    with pytest.raises(Refused, match="was removed"):
        find_converter(Home(tmp_path), "gone")
