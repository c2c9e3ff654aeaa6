"""`skafd schema`."""

from __future__ import annotations

from skafd.commands.shape import new_app
from skafd.commands.terminal import print_json

app = new_app()


@app.command()
def schema() -> None:
    """Print the JSON Schema of metis.config.yml, for editors.

    \b
    Example:
      skafd schema > metis.schema.json
    """
    from skafd.config.schema import json_schema

    print_json(json_schema())
