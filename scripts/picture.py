"""`make picture` draws docs/images/status.svg: the status of a real daemon while the churn example runs."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from skafd import clock
from skafd.commands.render.status import render_status
from tests.support.installed import Installed

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "images" / "status.svg"
WIDTH = 108


def main() -> None:
    """Runs three examples, and draws the status in the moment when the model is trained."""
    with Installed() as installed:
        for name in ("churn", "fan", "limits"):
            installed.ok("up", installed.copy_example(name), "--detach")
        installed.command("run", "limits", "--wait")
        installed.ok("run", "fan", "--wait")
        installed.ok("run", "churn")
        status = installed.wait_for("the training", lambda: _status_of_training(installed))
        text = render_status(_with_paths_of_a_user(status, installed), WIDTH, clock.now())
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(text)
    drawing = console.export_svg(title="skafd status", unique_id="skafd")
    # The picture is to need nothing from elsewhere: the reader's own monospace font will do.
    TARGET.write_text(re.sub(r"\s*@font-face \{.*?\}", "", drawing, flags=re.DOTALL))
    print(TARGET.relative_to(ROOT))


def _status_of_training(installed: Installed) -> dict[str, Any] | None:
    status = installed.status()
    (churn,) = [project for project in status["projects"] if project["project"] == "churn"]
    return status if churn["jobs"][1]["state"] == "running" else None


def _with_paths_of_a_user(status: dict[str, Any], installed: Installed) -> dict[str, Any]:
    status["daemon"]["home"] = "~/.local/state/skafd"
    for project in status["projects"]:
        project["path"] = project["path"].replace(str(installed.projects), "~/pipelines")
    return status


if __name__ == "__main__":
    main()
