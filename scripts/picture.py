"""`make picture` draws docs/images: the screen on a real daemon while the churn example runs, its graph, and a run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from skafd.api.client import Client
from skafd.tui.app import SkafdApp
from skafd.tui.graph_view import GraphView
from tests.support.installed import PATIENCE_SECONDS, Installed

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = (118, 24)
_LOOK_SECONDS = 0.1


def main() -> None:
    """Runs three examples, and draws the screen in the moment when the model is trained."""
    with Installed() as installed:
        for name in ("churn", "fan", "limits"):
            installed.ok("up", installed.copy_example(name), "--detach")
        installed.command("run", "limits", "--wait")
        installed.ok("run", "fan", "--wait")
        installed.ok("run", "churn", "--wait")
        installed.ok("run", "churn")
        asyncio.run(_draw(installed))


async def _draw(installed: Installed) -> None:
    app = SkafdApp(Client(installed.home / "api.sock"))
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: _training(app))
        app.screen.rows.go_to("churn/train")  # type: ignore[attr-defined]
        await _until(pilot, lambda: app.screen.more.usage is not None)  # type: ignore[attr-defined]
        _write(app, installed, "status")
        await pilot.press("v")
        await _until(pilot, lambda: app.screen.query_one(GraphView).current is not None)
        await pilot.press("right")
        await pilot.pause(1.0)
        _write(app, installed, "graph")
        await pilot.press("escape")
        app.screen.rows.go_to("fan")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await _until(pilot, lambda: app.screen.query_one("#tasks").items != ())  # type: ignore[attr-defined]
        await pilot.pause(1.0)
        _write(app, installed, "run")


def _training(app: SkafdApp) -> bool:
    churn = app.mirror.project("churn")
    return churn is not None and any(job["state"] == "running" and job["name"] == "train" for job in churn["jobs"])


async def _until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await pilot.pause(_LOOK_SECONDS)


def _write(app: SkafdApp, installed: Installed, name: str) -> None:
    drawing = app.export_screenshot(title="skafd status")
    drawing = drawing.replace(str(installed.home), "~/.local/state/skafd").replace(
        str(installed.projects), "~/pipelines"
    )
    # The picture is to need nothing from elsewhere: the reader's own monospace font will do.
    drawing = re.sub(r"\s*@font-face \{.*?\}", "", drawing, flags=re.DOTALL)
    (IMAGES / f"{name}.svg").write_text(re.sub(r"terminal-\d+", "terminal", drawing))
    print(f"docs/images/{name}.svg")


if __name__ == "__main__":
    main()
