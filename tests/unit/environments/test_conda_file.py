"""`environment.yml` as people write it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.environments.conda.file import CondaFile, read_conda_file
from skafd.errors import BuildError


def read(tmp_path: Path, text: str) -> CondaFile:
    (tmp_path / "environment.yml").write_text(text)
    return read_conda_file(tmp_path, "environment.yml")


def test_channels_packages_and_what_pip_adds(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """\
name: churn
channels:
  - maciejkula
  - conda-forge
dependencies:
  - python=3.6
  - numpy>=1.15,<2
  - conda-forge::spotlight
  - pip
  - pip:
      - tabulate==0.8.2
      - -r more.txt
variables:
  OMP_NUM_THREADS: 2
prefix: /home/somebody/anaconda3
""",
    )
    assert found.channels == ["maciejkula", "conda-forge"]
    assert found.specs == ["python=3.6", "numpy>=1.15,<2", "conda-forge::spotlight", "pip"]
    assert found.pip == ["tabulate==0.8.2", "-r more.txt"]
    assert found.variables == {"OMP_NUM_THREADS": "2"}
    assert found.notes == []


def test_the_channel_of_the_old_distribution_has_its_addresses(tmp_path: Path) -> None:
    found = read(tmp_path, "channels: [defaults, nodefaults]\ndependencies: [numpy]\n")
    assert found.channels == ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"]


def test_without_a_channel_it_is_conda_forge_and_said(tmp_path: Path) -> None:
    found = read(tmp_path, "channels:\ndependencies: [numpy]\nsomething: else\n")
    assert found.channels == ["conda-forge"]
    assert found.notes == [
        "environment.yml:3: `something` is not known and ignored",
        "environment.yml names no channel: conda-forge is used",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "environment.yml has no keys"),
        ("- numpy\n", "environment.yml has no keys"),
        ("dependencies: numpy\n", "environment.yml:1:15: expected a list, found `numpy`"),
        ("dependencies:\n  - numpy: 1.2\n", "environment.yml:2:5: `numpy:` is not known here"),
        ("dependencies:\n  - [numpy]\n", "environment.yml:2:5: expected text, found a list"),
        ("dependencies:\n  - pip:\n    - \n", "environment.yml:3:6: expected text, found nothing"),
        ("variables: [A]\n", "environment.yml:1:12: variables are a list"),
        ("dependencies: [numpy\n", "environment.yml:"),
    ],
)
def test_what_cannot_be_understood_has_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        read(tmp_path, text)
    assert caught.value.message.startswith(message)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"environment\.yml cannot be read: No such file"):
        read_conda_file(tmp_path, "environment.yml")
    (tmp_path / "environment.yml").write_bytes(b"name: \xff")
    with pytest.raises(BuildError, match="it is not UTF-8"):
        read_conda_file(tmp_path, "environment.yml")
