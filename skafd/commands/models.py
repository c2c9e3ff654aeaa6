"""`skafd models`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.api.client import Client, Json
from skafd.commands.here import client, given, split_project
from skafd.commands.progress import waiting
from skafd.commands.shape import AsJson, ProjectArgument, YesOption, new_app
from skafd.commands.terminal import confirm, print_json, print_text, say, terminal_width
from skafd.errors import Refused

app = new_app()

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="A model; capitals do not matter.")]
Tag = Annotated[str | None, typer.Option("--tag", "-t", help="The newest version with this tag.")]
Version = Annotated[str | None, typer.Option("--version", "-v", help="This version; else the newest.")]
Project = Annotated[str | None, typer.Option("--project", help="The project, where it is not the first word.")]
PRODUCTION = "production"


@app.callback()
def models() -> None:
    """Versions of models: list, look, download, promote.

    \b
    Examples:
      skafd models list churn
      skafd models show churn tree
      skafd models download churn tree --tag production -o tree.pkl
      skafd models promote churn tree --version 1546278349132
    """


@app.command("list")
def list_(
    project: ProjectArgument = None,
    name: Name = None,
    tag: Tag = None,
    version: Version = None,
    project_option: Project = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List versions, newest first.

    \b
    Example:
      skafd models list churn tree --tag latest
    """
    from skafd import clock
    from skafd.commands.render.kept import render_models

    api = client()
    slug, words = _project(api, project, name, option=project_option)
    found = api.models(slug, words[0] if words else None, tag, limit)
    found = [one for one in found if version in (None, one["version"])]
    print_json(found) if as_json else print_text(render_models(found, terminal_width(), clock.now()))


@app.command()
def show(
    project: ProjectArgument = None,
    name: Name = None,
    tag: Tag = None,
    version: Version = None,
    project_option: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show one version: who made it, with which code, of what.

    \b
    Example:
      skafd models show churn tree
    """
    from skafd import clock
    from skafd.commands.render.kept import render_model

    api = client()
    found = _model(api, project, name, project_option, tag, version)
    print_json(found) if as_json else print_text(render_model(found, terminal_width(), clock.now()))


@app.command()
def download(
    project: ProjectArgument = None,
    name: Name = None,
    tag: Tag = None,
    version: Version = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="A file or a folder.")] = Path(),
    project_option: Project = None,
) -> None:
    """Write the bytes of a version into a file.

    \b
    Example:
      skafd models download churn tree --tag production -o tree.pkl
    """
    api = client()
    found = _model(api, project, name, project_option, tag, version)
    path = output / Path(found["name"]).name if output.is_dir() else output
    with waiting(f"writing {path}"):
        api.download_model(found["project"], found["name"], found["version"], path)
    print(path)


@app.command()
def tag(
    project: ProjectArgument = None,
    name: Name = None,
    new_tag: Annotated[str | None, typer.Argument(metavar="TAG", help="What to call it.")] = None,
    version: Version = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag from it.")] = False,
    project_option: Project = None,
) -> None:
    """Give a version a tag; other versions keep theirs.

    \b
    Example:
      skafd models tag churn tree checked --version 1546278349132
    """
    api = client()
    slug, words = _project(api, *given(project, name, new_tag), option=project_option)
    if len(words) < 2:
        raise typer.BadParameter("which model, and which tag? As in: skafd models tag churn tree checked")
    found = api.model(slug, words[0], words[1] if remove else None, version)
    if remove:
        api.untag_model(slug, found["name"], found["version"], words[1])
        print(f"{found['name']} {found['version']} has no longer the tag {words[1]}")
    else:
        api.tag_model(slug, found["name"], found["version"], words[1])
        print(f"{found['name']} {found['version']} has the tag {words[1]}")


@app.command()
def promote(
    project: ProjectArgument = None,
    name: Name = None,
    to: Annotated[str, typer.Option("--to", metavar="TAG", help="The tag that moves.")] = PRODUCTION,
    tag: Tag = None,
    version: Version = None,
    project_option: Project = None,
) -> None:
    """Move the tag `production` to a version: `load_model(name, tag="production")` gives it from now on.

    \b
    Example:
      skafd models promote churn tree --version 1546278349132
    """
    api = client()
    found = _model(api, project, name, project_option, tag, version)
    before = [one for one in api.models(found["project"], found["name"], to) if one["version"] != found["version"]]
    api.tag_model(found["project"], found["name"], found["version"], to, only=True)
    instead = f", in place of {', '.join(one['version'] for one in before)}" if before else ""
    print(f"{found['name']} {found['version']} is {to}{instead}")


@app.command()
def delete(
    project: ProjectArgument = None,
    name: Name = None,
    version: Version = None,
    project_option: Project = None,
    yes: YesOption = False,
) -> None:
    """Delete a version. Which one has to be said.

    \b
    Example:
      skafd models delete churn tree --version 1546278349132
    """
    api = client()
    if version is None:
        raise Refused("which version? Nothing was deleted", "say --version; `skafd models list` has them")
    found = _model(api, project, name, project_option, None, version)
    tags = f" ({', '.join(found['tags'])})" if found["tags"] else ""
    confirm(f"Delete {found['name']} {version}{tags} of {found['project']}? It cannot be brought back.", yes)
    api.delete_model(found["project"], found["name"], version)
    say(f"deleted {found['name']} {version} of {found['project']}")


def _project(api: Client, *words: str | None, option: str | None = None) -> tuple[str, list[str]]:
    """The project and what is left of the words: the old `skafos` had the project in an option."""
    if option is not None:
        return split_project(api, [option])[0]["project"], given(*words)
    project, rest = split_project(api, given(*words))
    return project["project"], rest


def _model(
    api: Client, project: str | None, name: str | None, option: str | None, tag: str | None, version: str | None
) -> Json:
    slug, words = _project(api, project, name, option=option)
    if not words:
        raise typer.BadParameter(f"which model? `skafd models list {slug}` has them")
    return api.model(slug, words[0], tag, version)
