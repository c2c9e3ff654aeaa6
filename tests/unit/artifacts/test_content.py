"""Contents: once each, whole or not there, and found again by their hash."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from skafd.artifacts.content import ContentStore
from skafd.errors import NotFound
from skafd.model.kept import Content


def add(store: ContentStore, *pieces: bytes) -> Content:
    with store.stage() as staged:
        for piece in pieces:
            staged.write(piece)
        return staged.adopt()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_content_is_kept_once_by_its_hash(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    first, second = add(store, b"ab", b"c"), add(store, b"abc")
    assert first == second == Content(hashlib.sha256(b"abc").hexdigest(), 3)
    assert files(tmp_path) == [first.sha256]
    with store.open(first.sha256) as stream:
        assert stream.read() == b"abc"
    assert store.path(first.sha256).stat().st_mode & 0o777 == 0o400


def test_an_empty_content_is_one_too(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    assert store.has(add(store))


def test_what_is_not_adopted_leaves_nothing(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    with pytest.raises(ZeroDivisionError), store.stage() as staged:
        staged.write(b"abc")
        raise ZeroDivisionError
    assert files(tmp_path) == []


def test_many_may_add_the_same_at_once(tmp_path: Path) -> None:
    store, found = ContentStore(tmp_path), list[Content]()
    threads = [threading.Thread(target=lambda: found.append(add(store, b"x" * 100_000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert files(tmp_path) == [found[0].sha256]


def test_one_of_the_wrong_size_is_not_there(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    content = add(store, b"abc")
    assert not store.has(Content(content.sha256, 4))


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32, "0" * 63])
def test_what_is_no_hash_leads_nowhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound, match="is not the hash of a content"):
        ContentStore(tmp_path).open(name)


def test_a_content_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="the content 000000000000 is gone"):
        ContentStore(tmp_path).open("0" * 64)


def test_adding_again_makes_a_content_young(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    old, young = add(store, b"old"), add(store, b"young")
    for content in (old, young):
        os.utime(store.path(content.sha256), (0, 0))
    add(store, b"young")
    assert list(store.older_than(3600)) == [old.sha256]
    for content in (old, old, young):
        store.remove_older(content.sha256, 3600)
    assert store.has(young)
    assert list(store.older_than(3600)) == []


def test_what_somebody_began_and_never_ended_is_cleared_away(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    staged = store.stage()
    store.clear_staging(3600)
    assert len(files(tmp_path)) == 1
    store.clear_staging(-1)
    assert files(tmp_path) == []
    staged.__exit__()
