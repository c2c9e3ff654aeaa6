import base64
from pathlib import Path

import pytest

from skafd.errors import Refused
from skafd.job_token import JobToken, load_key, verify

TOKEN = JobToken(project="token:5c1e", run=42, job="train", instance=3, attempt=1)


def test_a_token_says_who_signed_it_and_for_whom(tmp_path: Path) -> None:
    key = load_key(tmp_path / "key")
    assert verify(TOKEN.sign(key), key) == TOKEN


def test_the_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    first = load_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == first
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("changed", ["", "x", "é", "=" * 50])
def test_what_is_not_a_token_is_refused(tmp_path: Path, changed: str) -> None:
    with pytest.raises(Refused, match="not a token"):
        verify(changed, load_key(tmp_path / "key"))


def test_a_token_for_another_project_cannot_be_made_from_mine(tmp_path: Path) -> None:
    key = load_key(tmp_path / "key")
    raw = base64.urlsafe_b64decode(TOKEN.sign(key))
    with pytest.raises(Refused):
        verify(base64.urlsafe_b64encode(raw.replace(b"5c1e", b"5c1f")).decode(), key)


def test_a_token_of_another_state_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        verify(TOKEN.sign(load_key(tmp_path / "one")), load_key(tmp_path / "other"))


def test_a_damaged_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(Refused, match="5 bytes"):
        load_key(tmp_path / "key")
