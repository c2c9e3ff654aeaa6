"""An import written down: a folder with a config that skafd reads, and scripts."""

from __future__ import annotations

import io
import secrets
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from skafd.commands.here import CONFIG_NAMES
from skafd.commands.importing.imported import Imported
from skafd.config import load, render
from skafd.errors import Refused


def write_project(found: Imported, folder: Path) -> list[Path]:
    """Writes the project into `folder`; returns the files. Raises Refused where there is one, or one of its files."""
    if not found.jobs:
        raise Refused("nothing in this file can be a job", "the report above says why")
    contents = {CONFIG_NAMES[0]: config_text(found), **found.files}
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file", "name a folder with --into")
    for path in contents:
        if (folder / path).exists():
            raise Refused(f"{folder / path} is there already", "name another folder with --into")
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return [folder / path for path in contents]


def config_text(found: Imported) -> str:
    """The metis.config.yml."""
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(
        {"project_token": secrets.token_hex(12), "name": found.name, **_plain(found.settings), "jobs": found.jobs},
        stream,
    )
    return stream.getvalue()


def problems_of(folder: Path) -> str:
    """What skafd finds wrong with the config that was written; empty if it would deploy."""
    reading = load(folder / CONFIG_NAMES[0])
    return (
        ""
        if reading.valid
        else "\n".join(render(problem, reading.text, reading.filename) for problem in reading.problems)
    )


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(settings.items()))
