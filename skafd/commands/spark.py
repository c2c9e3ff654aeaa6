"""`skafd spark`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from skafd.commands.here import client
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, say

app = new_app()
_OF_MACHINE, _MASTER, _HISTORY = "spark", "-master", "-history"


@app.command()
def spark(
    *,
    history: Annotated[bool, typer.Option("--history", help="Start the view of applications that have ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the Spark cluster and its pages.

    It has a master and its workers, and starts with the first job of a project that has the add-on spark-cluster.

    \b
    Examples:
      skafd spark
      skafd spark --history
    """
    api = client()
    clusters = [one["name"].removesuffix(_MASTER) for one in api.services() if _is_of_spark(one, _MASTER)]
    for cluster in (clusters or [_OF_MACHINE]) if history else ():
        api.start_service(f"{cluster}{_HISTORY}")
    found = [one for one in api.services() if _is_of_spark(one) and one["state"] != "stopped"]
    if as_json:
        print_json(found)
        return
    if not found:
        say("no part of a Spark cluster runs; one starts with the first job that needs it")
    for one in found:
        print("  ".join(part for part in (f"{one['state']:<9}", one["name"], one["url"] or "") if part))


def _is_of_spark(service: dict[str, Any], ending: str = "") -> bool:
    return str(service["name"]).startswith(f"{_OF_MACHINE}-") and str(service["name"]).endswith(ending)
