"""What can be done to whatever is under the cursor of a screen: asked once, then done."""

from __future__ import annotations

import os
import shlex
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from skafd.tui.undo import Undo

if TYPE_CHECKING:
    from textual.screen import Screen

    from skafd.tui.app import SkafdApp

    _Base = Screen[Any]
else:
    _Base = object


class Deeds(_Base):
    """Mixed into screens that have a target: `churn`, `churn/train`, `churn/42` or `churn/42/train`.

    They take `KEYS` into their bindings: Textual looks for those in its own classes alone.
    """

    KEYS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "Log"),
        Binding("r", "run", "Run"),
        Binding("R", "retry", "Retry"),
        Binding("x", "kill", "Kill"),
        Binding("v", "graph", "Graph"),
        Binding("h", "runs", "Runs"),
        Binding("d", "deployments", "Deployments", show=False),
        Binding("p", "pause", "Pause", show=False),
        Binding("Q", "stores", "Tables, queues", show=False),
        Binding("e", "edit", "Edit", show=False),
    ]
    app: SkafdApp

    @property
    def target(self) -> str | None:
        """What is under the cursor."""
        raise NotImplementedError

    @property
    def target_run(self) -> str | None:
        """The run that it belongs to, or the newest it had."""
        raise NotImplementedError

    @property
    def project(self) -> dict[str, Any] | None:
        """The project of the target."""
        return self.app.mirror.project(self.target.partition("/")[0]) if self.target else None

    def action_open_run(self) -> None:
        """Opens the run."""
        from skafd.tui.run_screen import RunScreen

        if self.target_run:
            self.app.push_screen(RunScreen(self.app.client, self.target_run))
        elif self.target:
            self.notify(f"{self.target} never ran; r runs it", markup=False)

    def action_log(self) -> None:
        """Follows the log of the target."""
        from skafd.tui.log_screen import LogScreen

        if self.target:
            self.app.push_screen(LogScreen(self.app.client, self.target))

    def action_run(self) -> None:
        """Runs the project, or the job and what depends on it."""
        if self.target:
            project, _, rest = self.target.partition("/")
            job = rest.rpartition("/")[2].partition("[")[0] if rest and not rest.isdigit() else None
            what = f"{project}/{job} and its dependents" if job else f"all of {project}"
            self.app.ask_then(f"Run {what} now?", f"{what} runs", lambda: self.app.client.start_run(project, job))

    def action_retry(self) -> None:
        """Runs again what did not succeed in the run, or the task."""
        run = self.target_run
        if run:
            is_task = self.target is not None and self.target.count("/") > 1
            again = self.target if is_task and self.target else run
            self.app.ask_then(
                f"Run again what failed in {again}?", f"{again} runs again", lambda: self.app.client.again(again)
            )

    def action_kill(self) -> None:
        """Ends what runs of the target."""
        target = self.target
        if target:
            self.app.ask_then(f"End what runs of {target}?", f"ending {target}", lambda: self.app.client.kill(target))

    def action_pause(self) -> None:
        """Pauses the schedules of the target, or resumes them."""
        if self.target is None or self.project is None:
            return
        project, _, rest = self.target.partition("/")
        job = rest if rest and "/" not in rest and not rest.isdigit() else None
        client = self.app.client
        if any(each["paused"] for each in self.project["jobs"] if job in (None, each["name"])):
            undo = Undo(f"{self.target} is paused again", partial(client.pause, project, job))
            question = f"Resume the schedules of {self.target}?"
            self.app.ask_then(question, f"{self.target} is resumed", partial(client.resume, project, job), undo)
        else:
            undo = Undo(f"{self.target} is resumed", partial(client.resume, project, job))
            question = f"Pause the schedules of {self.target}? The same key resumes them."
            self.app.ask_then(question, f"{self.target} is paused", partial(client.pause, project, job), undo)

    def action_deployments(self) -> None:
        """Shows the versions of the project."""
        from skafd.tui.deployments_screen import DeploymentsScreen

        if self.project is not None:
            self.app.push_screen(DeploymentsScreen(self.project["project"]))

    def action_runs(self) -> None:
        """Lists the runs of the project."""
        from skafd.tui.runs_screen import RunsScreen

        if self.project is not None and not isinstance(self.app.screen, RunsScreen):
            self.app.push_screen(RunsScreen(self.project["project"]))

    def action_stores(self) -> None:
        """Shows the project's tables and queues."""
        from skafd.tui.stores_screen import show_stores

        if self.project is not None:
            show_stores(self.app, self.project["project"])

    def action_graph(self) -> None:
        """Draws the graph of the project."""
        from skafd.tui.graph_screen import GraphScreen

        if self.project is not None and not isinstance(self.app.screen, GraphScreen):
            self.app.push_screen(GraphScreen(self.project["project"]))

    def action_edit(self) -> None:
        """Opens the config in the editor; what is saved is deployed."""
        if self.project is None:
            return
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        config = Path(self.project["path"]) / "metis.config.yml"
        try:
            with self.app.suspend():
                subprocess.call([*shlex.split(editor), str(config)])
        except FileNotFoundError:
            self.notify(f"there is no editor {editor!r}: set EDITOR", severity="error", markup=False)
