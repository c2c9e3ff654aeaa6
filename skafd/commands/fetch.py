"""`skafd fetch`, as Skafos had it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.here import client, find_project
from skafd.commands.shape import new_app

app = new_app()
_MOST_ROWS = 1000


@app.command()
def fetch(
    table: Annotated[str, typer.Option("--table", metavar="TABLE", help="The table.")],
    project: Annotated[str | None, typer.Option("--project", metavar="PROJECT", help="Whose table.")] = None,
) -> None:
    """Print the rows of a table, as Skafos did.

    And a curl that gets them over the Data Endpoint.

    \b
    Examples:
      skafd fetch --table predictions
      skafos fetch --table predictions
    """
    from skafd.addons.data.client import DataClient

    api = client()
    found = find_project(api, project)
    api.start_service("data")
    access = api.job_token(found["project"])
    engine = DataClient(Path(access["socket"]).with_name("data.sock"), access["token"])
    body, _, _ = engine.page({"table": table, "limit": str(_MOST_ROWS)})
    rows = json.loads(body)["data"]
    if not rows:
        print("Fetch results were empty")
    for row in rows:
        print(f"➜ {json.dumps(row, ensure_ascii=False)}")
    print("CURL Request:")
    token = found["token"] or found["project"]
    print(f'curl -H "X-API-Token: $TOKEN" "http://127.0.0.1:$PORT/v1/data/{token}/{table}"')
    print(f"TOKEN: `skafd token {found['project']} --new`; PORT: `skafd up --data-endpoint PORT`")
