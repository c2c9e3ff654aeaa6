"""`skafd env`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from skafd.api.client import Client
from skafd.commands.here import client, find_project, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, YesOption, new_app
from skafd.commands.terminal import confirm, print_json
from skafd.errors import NotFound

app = new_app()


@app.command()
def env(
    project: ProjectArgument = None,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="The name of a secret or a setting.")] = None,
    new_value: Annotated[
        str | None, typer.Option("--set", metavar="VALUE", help="Set the key; - reads standard input.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the key.")] = False,
    yes: YesOption = False,
    show: Annotated[bool, typer.Option("--show", help="Print values in the clear.")] = False,
    as_json: AsJson = False,
) -> None:
    """List, set or delete secrets and settings of a project.

    Jobs find them in their environment. Values are masked unless --show is given.

    \b
    Examples:
      skafd env churn
      skafd env churn API_KEY --set s3cret
      pass show api-key | skafd env churn API_KEY --set -
      skafd env churn API_KEY --delete
    """
    changes = new_value is not None or delete
    if new_value is not None and delete:
        raise typer.BadParameter("--set and --delete exclude each other")
    api = client()
    slug, variable = _project_and_key(api, given(project, key), changes)
    if changes and variable is None:
        raise typer.BadParameter("which key? for example: skafd env churn API_KEY --set s3cret")
    if new_value is not None and variable:
        api.set_variable(slug, variable, _value(new_value))
        print(f"set {variable} for {slug}; tasks that start from now on see it")
    elif delete and variable:
        confirm(f"Delete {variable} of {slug}? Its value cannot be read back.", yes)
        api.delete_variable(slug, variable)
        print(f"deleted {variable} of {slug}")
    else:
        _list(api, slug, variable, show, as_json)


def _project_and_key(api: Client, words: list[str], changes: bool) -> tuple[str, str | None]:
    if len(words) == 1 and changes:
        # The old form: `skafos env KEY --set VALUE` in a project's folder.
        return find_project(api, None)["project"], words[0]
    project, rest = split_project(api, words)
    return project["project"], rest[0] if rest else None


def _value(text: str) -> str:
    return sys.stdin.read().removesuffix("\n") if text == "-" else text


def _list(api: Client, project: str, key: str | None, show: bool, as_json: bool) -> None:
    found = [each for each in api.variables(project, show) if key is None or each["key"] == key]
    if key is not None and not found:
        raise NotFound(f"{project} has no variable {key}", f"set it with `skafd env {project} {key} --set VALUE`")
    if as_json:
        print_json(found)
        return
    for each in found:
        print(f"{each['key']}={each['value']}")
