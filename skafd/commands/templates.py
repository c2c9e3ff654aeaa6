"""`skafd templates`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, say

app = new_app()


@app.command()
def templates(
    search: Annotated[str | None, typer.Option("--search", metavar="TERM", help="Only those that mention it.")] = None,
    _update: Annotated[bool, typer.Option("--update", help="Taken as of old; they come with skafd.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the templates for `skafd init`.

    \b
    Examples:
      skafd templates
      skafd templates --search train
    """
    from skafd.commands.templating import all_templates

    found = [
        {"name": template.name, "description": template.description}
        for template in all_templates()
        if search is None or search.lower() in f"{template.name} {template.description}".lower()
    ]
    if as_json:
        print_json(found)
        return
    if not found:
        say(f"no template mentions {search}; `skafd templates` lists all")
    for each in found:
        print(f"{each['name']:<20}{each['description']}")
