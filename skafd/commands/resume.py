"""`skafd resume`."""

from __future__ import annotations

from skafd.commands.here import client, find_target
from skafd.commands.pause import Target
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def resume(target: Target = None) -> None:
    """End the pause of a job, or of a project and all its jobs.

    What was missed meanwhile is not run later; `skafd backfill` can do that.

    \b
    Examples:
      skafd resume churn
      skafd resume churn/train
    """
    api = client()
    found = find_target(api, target)
    project, _, job = found.partition("/")
    api.resume(project, job or None)
    print(f"{found} is resumed")
