"""Packages of conda as lines of a lock."""

from __future__ import annotations

from skafd.environments.conda.records import split, to_line, with_secrets, without_secret

RECORD = {
    "name": "numpy",
    "version": "1.26.4",
    "url": "https://user:secret@host/t/tk-1/channel/linux-64/numpy-1.26.4-0.conda",
    "channel": "https://user:secret@host/t/tk-1/channel/",
    "depends": ["python >=3.11,<3.12.0a0", "libblas {a}"],
}
SAFE = "https://host/channel/linux-64/numpy-1.26.4-0.conda"


def test_a_line_has_no_credentials_and_all_the_rest() -> None:
    line = to_line(RECORD)
    assert line.startswith("numpy==1.26.4 {")
    assert "secret" not in line
    assert "tk-1" not in line
    records, others = split([line, "tabulate==0.8.2", "alpha @ file:///x.whl"])
    assert records == [RECORD | {"url": SAFE, "channel": "https://host/channel/"}]
    assert others == ["tabulate==0.8.2", "alpha @ file:///x.whl"]


def test_credentials_come_from_the_file_when_it_is_installed() -> None:
    [record], _ = split([to_line(RECORD)])
    assert with_secrets(record, ["conda-forge", "https://user:new@host/t/tk-2/channel"])["url"] == (
        "https://user:new@host/t/tk-2/channel/linux-64/numpy-1.26.4-0.conda"
    )
    assert with_secrets(record, ["https://user:new@host/other"])["url"] == SAFE


def test_addresses_without_secrets_stay_as_they_are() -> None:
    for address in ("conda-forge", "https://repo.anaconda.com/pkgs/main", "file:///srv/channel"):
        assert without_secret(address) == address
