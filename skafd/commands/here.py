"""Which project, run or job the words of a command line mean, also in a project's own folder."""

from __future__ import annotations

from pathlib import Path

from skafd.api.client import Client, Json
from skafd.errors import NotFound
from skafd.home import Home

MOST_WORDS = 2
"""A project and something of it; with fewer the project may have been left out."""
CONFIG_NAMES = ("metis.config.yml", "metis.config.yaml")


def client() -> Client:
    """A client of the daemon that owns the state folder."""
    return Client(Home.default().api_socket)


def has_config(folder: Path) -> bool:
    """The folder is a project."""
    return any((folder / name).is_file() for name in CONFIG_NAMES)


def project_folder() -> Path | None:
    """The project folder that we are in, or one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if has_config(folder):
            return folder
    return None


def find_project(client: Client, name: str | None) -> Json:
    """The project of that name, token or path; without one, that of the folder we are in. Raises NotFound."""
    if name is not None:
        return client.project(str(Path(name).resolve()) if name in (".", "..") or "/" in name else name)
    project = _project_here(client)
    if project is None:
        raise NotFound("no project was named, and this folder is none", "name one: `skafd status` lists them")
    return project


def given(*words: str | None) -> list[str]:
    """The arguments that are there."""
    return [word for word in words if word is not None]


def split_project(client: Client, words: list[str]) -> tuple[Json, list[str]]:
    """Takes the project off the front of `words`; in a project folder it may be left out.

    A project's name comes first: where the first word is one, it means the project. `churn/train` is both in one word.
    """
    if not words:
        return find_project(client, None), []
    try:
        return find_project(client, words[0]), words[1:]
    except NotFound:
        head, _, rest = words[0].partition("/")
        if head and rest and head not in (".", "..", "~"):
            named, others = split_project(client, [head])
            return named, [*others, rest, *words[1:]]
        project = _project_here(client) if len(words) < MOST_WORDS else None
        if project is None:
            raise
        return project, words


def find_target(client: Client, text: str | None) -> str:
    """The full name of a run, a task, a job or a project: `42` and `train` mean those of the folder we are in."""
    if text is None:
        return str(find_project(client, None)["project"])
    head, _, rest = text.partition("/")
    project, words = split_project(client, [head])
    return "/".join([project["project"], *words, *([rest] if rest else [])])


def find_run(client: Client, text: str) -> str:
    """The full name of a run. Raises NotFound if it is no run's name."""
    target = find_target(client, text)
    if not target.rpartition("/")[2].isdigit():
        raise NotFound(f"{text} is no run", "a run is written as churn/42; `skafd runs` lists them")
    return target


def _project_here(client: Client) -> Json | None:
    folder = project_folder()
    if folder is None:
        return None
    try:
        return client.project(str(folder))
    except NotFound:
        raise NotFound(f"the project in {folder} is not deployed", f"deploy it with `skafd up {folder}`") from None
