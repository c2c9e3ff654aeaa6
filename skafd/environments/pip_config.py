"""pip's own config files: whoever set up a mirror there means it for uv too."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_SECTIONS = ("global", "install")
"""The later one wins."""
_COUNT = ("index-url", "extra-index-url", "find-links", "cert", "trusted-host")
_OF_UV = ("uv/uv.toml",)


def pip_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """As the variables of the same meaning, `PIP_INDEX_URL` and so on; nothing where uv has a config file itself."""
    found: dict[str, str] = {}
    if any(path.is_file() for path in _files(variables, _OF_UV)):
        return found
    for path in _pip_files(variables):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself will say so.
        for section in filter(parser.has_section, _SECTIONS):
            options = dict(parser.items(section))
            found |= {_variable(name): " ".join(options[name].split()) for name in _COUNT if name in options}
    return found


def _pip_files(variables: Mapping[str, str]) -> Iterator[Path]:
    """Those that pip reads, the one that wins last."""
    named = variables.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = variables.get("HOME")
    yield from _files(variables, ("pip/pip.conf",))
    if home:
        yield Path(home, ".pip", "pip.conf")
    if named:
        yield Path(named)


def _files(variables: Mapping[str, str], names: tuple[str, ...]) -> Iterator[Path]:
    """Where config files of that name may be: the machine's first, then the user's."""
    home = variables.get("HOME")
    folders = ["/etc", "/etc/xdg", variables.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")]
    yield Path("/etc", Path(names[0]).name)
    yield from (Path(folder, name) for folder in folders if folder for name in names)


def _variable(option: str) -> str:
    return f"PIP_{option.upper().replace('-', '_')}"
