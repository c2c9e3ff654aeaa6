"""Templates of projects: finding them, and filling in what stands between double braces."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

import skafd
from skafd.errors import NotFound

TEMPLATES = Path(skafd.__file__).parent / "templates"
DESCRIPTION = "template.yml"
FIRST_JOB = "Main"
_PLACEHOLDER = re.compile(r"{{ *(token|name|job_name|job_id)(?::([^}]+?))? *}}")


@dataclass(frozen=True, slots=True)
class Template:
    """A folder of files to be filled in."""

    name: str
    description: str
    folder: Path


class Filling:
    """The values for one new project: a token, and an id for each job that stays the same wherever it is named."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._token = secrets.token_hex(12)
        self._job_ids: dict[str, str] = {}

    def fill(self, text: str) -> str:
        """The text with every placeholder replaced."""
        return _PLACEHOLDER.sub(lambda match: self._value(match[1], match[2]), text)

    def _value(self, key: str, job: str | None) -> str:
        match key:
            case "token":
                return self._token
            case "name":
                return self._name
            case "job_name":
                return FIRST_JOB
        if job is None:
            return str(uuid.uuid4())
        return self._job_ids.setdefault(job.strip(), str(uuid.uuid4()))


def all_templates(folder: Path = TEMPLATES) -> list[Template]:
    """The templates that come with skafd, by name."""
    return [_read(each.parent) for each in sorted(folder.glob(f"*/{DESCRIPTION}"))]


def find_template(name: str, folder: Path = TEMPLATES) -> Template:
    """The template of that name. Raises NotFound."""
    known = {template.name: template for template in all_templates(folder)}
    if name not in known:
        raise NotFound(f"there is no template {name}", f"there are: {', '.join(known)}")
    return known[name]


def render(template: Template, target: Path, filling: Filling) -> list[Path]:
    """Writes the template's files into `target`, filled in; returns them."""
    written = []
    for source in sorted(template.folder.rglob("*")):
        place = source.relative_to(template.folder)
        if not source.is_file() or place.parts[0] == DESCRIPTION or "__pycache__" in place.parts:
            continue
        written.append(target / place)
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        written[-1].write_bytes(_filled(source.read_bytes(), filling))
        written[-1].chmod(source.stat().st_mode & 0o777)
    return written


def _filled(content: bytes, filling: Filling) -> bytes:
    try:
        return filling.fill(content.decode()).encode()
    except UnicodeDecodeError:
        return content


def _read(folder: Path) -> Template:
    from ruamel.yaml import YAML

    said = YAML(typ="safe").load(folder / DESCRIPTION)
    return Template(said["name"], said["description"], folder)
