from __future__ import annotations

from pathlib import Path

from skafd.environments.tool import find_uv, uv_variables, with_pyenv


def test_uv_is_the_one_that_came_with_skafd() -> None:
    assert Path(find_uv()).name == "uv"


def test_a_mirror_set_up_for_pip_is_used() -> None:
    variables = uv_variables({"PIP_INDEX_URL": "https://mirror/simple", "PIP_FIND_LINKS": "/wheels"})
    assert (variables["UV_DEFAULT_INDEX"], variables["UV_FIND_LINKS"]) == ("https://mirror/simple", "/wheels")


def test_what_is_set_for_uv_goes_before_what_is_set_for_pip() -> None:
    variables = uv_variables({"PIP_INDEX_URL": "https://pip", "UV_INDEX_URL": "https://uv"})
    assert "UV_DEFAULT_INDEX" not in variables
    assert variables["UV_INDEX_URL"] == "https://uv"


def test_the_project_may_set_indexes_and_nothing_else() -> None:
    variables = uv_variables({"PATH": "/bin"}, [("UV_INDEX_URL", "https://own"), ("PATH", "/evil"), ("TOKEN", "x")])
    assert (variables["UV_INDEX_URL"], variables["PATH"], "TOKEN" in variables) == ("https://own", "/bin", False)


def test_no_surrounding_environment_is_mistaken_for_the_one_that_is_built() -> None:
    variables = uv_variables({"VIRTUAL_ENV": "/venv", "PYTHONPATH": "/x", "UV_PYTHON_DOWNLOADS": "automatic"})
    assert "VIRTUAL_ENV" not in variables
    assert "PYTHONPATH" not in variables
    assert variables["UV_PYTHON_DOWNLOADS"] == "never"


def test_pyenv_is_searched_past_its_shims(tmp_path: Path) -> None:
    (tmp_path / "versions" / "3.8.1" / "bin").mkdir(parents=True)
    variables = with_pyenv({"PYENV_ROOT": str(tmp_path), "PATH": f"{tmp_path}/shims:/usr/bin"})
    assert variables["PATH"] == f"/usr/bin:{tmp_path}/versions/3.8.1/bin"


def test_pyenv_is_known_by_its_shims_alone(tmp_path: Path) -> None:
    (tmp_path / "versions" / "3.8.1" / "bin").mkdir(parents=True)
    variables = with_pyenv({"PYENV_ROOT": "/nowhere", "PATH": f"{tmp_path}/shims:/usr/bin"})
    assert variables["PATH"] == f"/usr/bin:{tmp_path}/versions/3.8.1/bin"
