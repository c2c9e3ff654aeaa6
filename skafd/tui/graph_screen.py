"""The graph of a project: each job with its state, and what follows what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd import clock
from skafd.looks.graph.drawing import Box
from skafd.looks.words import state_look
from skafd.tui.deeds import Deeds
from skafd.tui.detail import draw_detail
from skafd.tui.finding_out import FindsOut
from skafd.tui.graph_view import GraphView
from skafd.tui.mirror import Mirror
from skafd.tui.rows import Row
from skafd.tui.sizes import detail_beside

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

Json = dict[str, Any]


class GraphScreen(FindsOut, Deeds, Screen[None]):
    """As the application hears of it."""

    BINDINGS: ClassVar[list[BindingType]] = [*Deeds.KEYS, Binding("escape,q", "leave", "Back")]
    DEFAULT_CSS = f"""
    GraphScreen #top {{ height: 1; padding: 0 1; background: $panel; }}
    GraphScreen GraphView {{ width: 1fr; height: 1fr; }}
    {detail_beside("GraphScreen")}
    """
    app: SkafdApp

    def __init__(self, project: str) -> None:
        super().__init__()
        self._project = project
        self._shown: Json | None = None

    def compose(self) -> ComposeResult:
        """The project, its graph, the job under the cursor, the keys."""
        yield Static(id="top", markup=False)
        with Horizontal(id="both"):
            yield GraphView()
            with VerticalScroll(id="detail", can_focus=False):
                yield Static(id="said", markup=False)
        yield Footer(show_command_palette=False)

    @property
    def view(self) -> GraphView:
        """The picture."""
        return self.query_one(GraphView)

    def on_mount(self) -> None:
        """Follows what the application hears."""
        self.watch(self.app, "mirror", self._show)
        self.set_interval(1.0, self._tick)
        self.set_focus(self.view)

    def _show(self, mirror: Mirror) -> None:
        project = mirror.project(self._project)
        if project is not None and project is not self._shown:
            self._shown = project
            self.query_one("#top", Static).update(_heading(project))
            self.view.show({job["id"]: _box(job) for job in project["jobs"]})

    def _tick(self) -> None:
        row = self.row
        if row is not None and row.job is not None and row.job["state"] == "running":
            self.show_detail()
            self.ask()

    @property
    def row(self) -> Row | None:
        """The job under the cursor as a line of the list."""
        for job in self._shown["jobs"] if self._shown else ():
            if job["id"] == self.view.current:
                return Row(self._shown or {}, job, str(job["name"]))
        return None

    def show_detail(self) -> None:
        """What is known of the job."""
        row = self.row
        nothing = Text("This project has no jobs.")
        self.query_one("#said", Static).update(draw_detail(row, self.more, clock.now()) if row else nothing)

    def on_graph_view_moved(self) -> None:
        """Shows what is known, and asks for more when the cursor rests."""
        self.moved()

    def on_graph_view_chosen(self) -> None:
        """Opens the newest run of the job."""
        self.action_open_run()

    @property
    def target(self) -> str | None:
        """The job under the cursor."""
        return self.row.key if self.row else self._project

    @property
    def target_run(self) -> str | None:
        """Its newest run."""
        return self.row.run if self.row else None

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()


def _heading(project: Json) -> Text:
    deployment = project["deployment"]
    live = f"#{deployment['number']}" if deployment else "not deployed"
    return Text.assemble((project["project"], "bold"), f"  {live}  graph, with what each job did last")


def _box(job: Json) -> Box:
    glyph, style = state_look(job["state"])
    several = f" x{job['instances']}" if job["instances"] > 1 else ""
    return Box(f"{glyph} {str(job['name']).strip()}{several}", style, job["dependencies"])
