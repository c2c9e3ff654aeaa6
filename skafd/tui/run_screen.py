"""One run: its tasks on a line of time, and what is known of the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd import clock
from skafd.api.client import Client
from skafd.errors import SkafdError
from skafd.looks.words import ago, state_text, took
from skafd.tui.deeds import Deeds
from skafd.tui.kept_of_task import FindsKept
from skafd.tui.line_list import LineList
from skafd.tui.tagging import ask_for_tags
from skafd.tui.timeline import TaskLine, draw_task, draw_task_detail, task_lines

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

Json = dict[str, Any]


class RunScreen(FindsKept, Deeds, Screen[None]):
    """Follows the run while it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Deeds.KEYS,
        Binding("escape,q", "leave", "Back"),
        Binding("s", "skip", "Skip", show=False),
        Binding("t", "tag", "Tag", show=False),
    ]
    DEFAULT_CSS = """
    RunScreen #top { height: auto; max-height: 4; padding: 0 1; background: $panel; }
    RunScreen #tasks { width: 1fr; height: 1fr; }
    RunScreen #detail { width: 48; padding: 0 1; border-left: solid $panel; }
    RunScreen.-narrow #both { layout: vertical; }
    RunScreen.-narrow #detail { width: 100%; height: 8; border-left: none; border-top: solid $panel; }
    """
    app: SkafdApp

    def __init__(self, client: Client, run: str) -> None:
        super().__init__()
        self._client = client
        self._run = run
        self._found: Json | None = None

    def compose(self) -> ComposeResult:
        """The run, its tasks, the task under the cursor, the keys."""
        yield Static(id="top", markup=False)
        with Horizontal(id="both"):
            yield LineList[TaskLine](lambda line, width: draw_task(line, width, clock.now()), id="tasks")
            with VerticalScroll(id="detail", can_focus=False):
                yield Static(id="said", markup=False)
        yield Footer(show_command_palette=False)

    @property
    def tasks(self) -> LineList[TaskLine]:
        """The list."""
        return cast("LineList[TaskLine]", self.query_one("#tasks", LineList))

    def on_mount(self) -> None:
        """Asks now, and whenever something changed."""
        self.watch(self.app, "mirror", lambda _: self._ask())
        self.set_interval(1.0, self._tick)
        self.tasks.focus()

    def _ask(self) -> None:
        self.run_worker(self._find_out, thread=True, exclusive=True, group="run", exit_on_error=False)

    def _find_out(self) -> None:
        try:
            found = self._client.run(self._run)
        except SkafdError as error:
            self.app.call_from_thread(self.query_one("#top", Static).update, error.message)
            return
        self.app.call_from_thread(self._show, found)

    def _show(self, found: Json) -> None:
        if self.is_attached:
            self._found = found
            self.query_one("#top", Static).update(run_line(found))
            self.tasks.show(task_lines(found, clock.now()))
            self.show_detail()
            self.look_for_kept()

    def _tick(self) -> None:
        if self._found is not None and self._found["summary"]["ended_at"] is None:
            self._show(self._found)

    @property
    def shown_task(self) -> Json | None:
        """The task under the cursor."""
        return self.tasks.current.task if self.tasks.current else None

    def show_detail(self) -> None:
        """Shows the task under the cursor."""
        task = self.shown_task
        self.query_one("#said", Static).update(draw_task_detail(task).append_text(self.kept) if task else "")

    def on_line_list_moved(self) -> None:
        """Shows the task."""
        self.show_detail()
        self.look_for_kept()

    def on_line_list_chosen(self) -> None:
        """Opens the log of the task."""
        self.action_log()

    @property
    def target(self) -> str | None:
        """The task under the cursor."""
        return self.tasks.current.key if self.tasks.current else self._run

    @property
    def target_run(self) -> str | None:
        """This run."""
        return self._run

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()

    def action_tag(self) -> None:
        """Gives the run tags, or takes them."""
        ask_for_tags(self.app, self._run)

    def action_skip(self) -> None:
        """Passes over the task."""
        task = self.target
        if task:
            self.app.ask_then(f"Pass over {task}?", f"{task} is passed over", lambda: self._client.skip(task))


def run_line(run: Json) -> Text:
    """What the run is, and why it is as it is."""
    summary, now = run["summary"], clock.now()
    line = Text(f"{summary['run']}  ", "bold").append_text(state_text(summary["state"]))
    line.append(f"  #{summary['deployment']}, {summary['cause']}, {ago(summary['created_at'], now)}", "not bold")
    line.append(f", took {took(summary['created_at'], summary['ended_at'], now)}", "not bold")
    if run["parameters"]:
        line.append("  " + " ".join(f"{name}={value}" for name, value in run["parameters"].items()), "not bold dim")
    line.append("".join(f"  [{tag}]" for tag in summary["tags"]), "not bold cyan")
    return line.append(f"\n{run['why']}", "not bold italic") if run["why"] else line
