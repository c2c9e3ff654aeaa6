"""`skafd tag`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_run
from skafd.commands.here import client, find_run
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json
from skafd.looks.tags import given_and_taken

app = new_app()


# No short options: `-hot` takes the tag `hot`.
@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def tag(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="churn/42, or 42 in the project's folder.", autocompletion=complete_run)
    ],
    tags: Annotated[list[str] | None, typer.Argument(metavar="[+TAG|-TAG]...", help="Give a tag, or take it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a run tags, or take tags from it.

    It lists what the run has then.

    \b
    Examples:
      skafd tag churn/42 +good
      skafd tag churn/42 +baseline -good
      skafd runs churn --tag baseline
    """
    api = client()
    name = find_run(api, run)
    add, remove = given_and_taken(tags or [])
    found = api.tag_run(name, add, remove) if tags else api.run(name)["summary"]
    if as_json:
        print_json(found["tags"])
    else:
        print(f"{name}: {', '.join(found['tags']) or 'no tags'}")
