"""What an environment sets for its jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skafd.environments.activation import FILE, Activation, activation_of
from skafd.errors import SandboxError


def test_a_virtual_environment_goes_to_the_front_of_the_path(tmp_path: Path) -> None:
    found = activation_of(tmp_path).apply({"PATH": "/bin", "HOME": "/root"}, "/usr/bin")
    assert found == {"PATH": f"{tmp_path}/bin:/bin", "HOME": "/root", "VIRTUAL_ENV": str(tmp_path)}
    assert activation_of(tmp_path).apply({}, "/usr/bin")["PATH"] == f"{tmp_path}/bin:/usr/bin"


def test_what_was_kept_is_set_and_unset(tmp_path: Path) -> None:
    kept = Activation(("/e/bin", "/e/opt"), (("GDAL_DATA", "/e/share"),), ("OLD",))
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(json.dumps(kept.to_json()))
    assert activation_of(tmp_path) == kept
    found = activation_of(tmp_path).apply({"PATH": "/bin", "OLD": "1"}, "")
    assert found == {"PATH": "/e/bin:/e/opt:/bin", "GDAL_DATA": "/e/share"}


@pytest.mark.parametrize("content", ["", "{}", '{"path": []'])
def test_a_broken_file_is_told_of(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(content)
    with pytest.raises(SandboxError, match="cannot be read"):
        activation_of(tmp_path)
