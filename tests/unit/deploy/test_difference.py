"""What differs between two snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.deploy import difference
from skafd.deploy.difference import Change, compare


def folder(path: Path, files: dict[str, str | bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_texts_are_shown_and_binary_files_named(tmp_path: Path) -> None:
    old = folder(tmp_path / "old", {"a.py": "one\ntwo\n", "gone.py": "x", "same/b": "1", "c.bin": b"\0\1", "empty": ""})
    new = folder(tmp_path / "new", {"a.py": "one\n2\n", "new.py": "y\n", "same/b": "1", "c.bin": b"\0\2", "e2": ""})
    (old / "link").symlink_to("a.py")
    (new / "link").symlink_to("new.py")
    found = {one.path: one for one in compare(old, new)}
    assert list(found) == ["a.py", "c.bin", "e2", "empty", "gone.py", "link", "new.py"]
    assert found["a.py"].text == "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert (found["c.bin"].is_binary, found["c.bin"].text) == (True, "")
    assert (found["gone.py"].change, found["new.py"].change) == (Change.REMOVED, Change.ADDED)
    assert found["gone.py"].text.endswith("-x\n\\ No newline at end of file\n")
    assert "+++ b/new.py" in found["new.py"].text and "--- /dev/null" in found["new.py"].text
    assert "-> new.py" in found["link"].text


def test_what_is_too_much_is_named_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "x\n" * (difference.MOST_FILE_LINES + 1)
    old = folder(tmp_path / "old", {"long": "", "large": "", "a": "1\n", "b": "1\n"})
    new = folder(
        tmp_path / "new", {"long": many, "large": "x" * (difference.MOST_FILE_BYTES + 1), "a": "2\n", "b": "2\n"}
    )
    monkeypatch.setattr(difference, "MOST_TEXT_CHARACTERS", 50)
    found = {one.path: (one.is_cut, bool(one.text)) for one in compare(old, new)}
    assert found == {"a": (False, True), "b": (True, False), "large": (True, False), "long": (True, False)}
    monkeypatch.setattr(difference, "MOST_FILES", 2)
    assert len(compare(old, new)) == 2
