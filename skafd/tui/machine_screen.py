"""All projects and jobs of the machine, and what is known of the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from skafd import clock
from skafd.tui.deeds import Deeds
from skafd.tui.detail import draw_detail
from skafd.tui.environments_screen import EnvironmentsScreen
from skafd.tui.field import Field
from skafd.tui.finding_out import FindsOut
from skafd.tui.line_list import LineList
from skafd.tui.mirror import Mirror
from skafd.tui.row_look import draw_row, header
from skafd.tui.rows import Order, Row, RowMaker
from skafd.tui.services_screen import ServicesScreen
from skafd.tui.sizes import detail_beside
from skafd.tui.top_line import top_line

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

_RUNNING_SECONDS, _AT_REST_SECONDS = 1.0, 20.0
"""How often durations, and distances in time, are brought up to date."""


class Columns(Widget):
    """The names of the columns."""

    def render(self) -> Text:
        """As wide as it is."""
        return header(self.size.width)


class MachineScreen(FindsOut, Deeds, Screen[None]):
    """The first screen."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *Deeds.KEYS,
        Binding("slash", "filter", "Find", priority=True),
        Binding("escape", "unfilter", "No filter", show=False),
        Binding("space", "fold", "Fold", show=False),
        Binding("o", "order", "Order", show=False),
        Binding("S", "services", "Services", show=False),
        Binding("E", "environments", "Environments", show=False),
    ]
    DEFAULT_CSS = f"""
    MachineScreen #top {{ height: 1; padding: 0 1; background: $panel; color: $text; }}
    MachineScreen #top.-away {{ background: $error; }}
    MachineScreen #filter {{ display: none; height: 1; border: none; padding: 0 1; background: $boost; }}
    MachineScreen #columns {{ height: 1; color: $text-muted; }}
    MachineScreen #rows {{ height: 1fr; }}
    MachineScreen #list {{ width: 1fr; }}
    {detail_beside("MachineScreen")}
    """
    app: SkafdApp

    def __init__(self) -> None:
        super().__init__()
        self._maker = RowMaker()
        self._folded: set[str] = set()
        self._order = Order.NAME
        self._needle = ""
        self._clock: Timer | None = None

    def compose(self) -> ComposeResult:
        """Top line, filter, list, detail, keys."""
        yield Static(id="top", markup=False)
        yield Field("name or state, for example: churn failed", "filter")
        with Horizontal(id="both"):
            with VerticalScroll(id="list", can_focus=False):
                yield Columns(id="columns")
                yield LineList[Row](lambda row, width: draw_row(row, width, clock.now()), id="rows")
            with VerticalScroll(id="detail", can_focus=False):
                yield Static(id="said", markup=False)
        yield Footer(show_command_palette=False)

    @property
    def rows(self) -> LineList[Row]:
        """The list."""
        return cast("LineList[Row]", self.query_one("#rows", LineList))

    def on_mount(self) -> None:
        """Follows what the application hears."""
        self.watch(self.app, "mirror", self._show)
        self.watch(self.app, "trouble", lambda _: self._show_top())
        if self.focused is None:
            # Somebody may have begun to type a filter before all of this was there.
            self.set_focus(self.rows)

    # --- showing ----------------------------------------------------------------------------------------

    def _show(self, mirror: Mirror) -> None:
        self.rows.show(self._maker.rows(mirror, self._needle, self._folded, self._order))
        self._show_top()
        self.show_detail()
        self._set_clock(_RUNNING_SECONDS if mirror.is_busy else _AT_REST_SECONDS)

    def _show_top(self) -> None:
        top = self.query_one("#top", Static)
        trouble = self.app.trouble
        if not trouble and self.app.mirror.trouble:
            trouble = f"nothing new is started: skafd {self.app.mirror.trouble}"
        top.set_class(bool(trouble), "-away")
        top.update(Text(trouble) if trouble else top_line(self.app.mirror, self._needle))

    def show_detail(self) -> None:
        """What is known of the line."""
        row = self.rows.current
        nothing = Text("No projects yet. Hand a folder over:\n\n  skafd up DIR" if not self.app.mirror.projects else "")
        self.query_one("#said", Static).update(draw_detail(row, self.more, clock.now()) if row else nothing)

    def _set_clock(self, seconds: float) -> None:
        if self._clock is not None:
            self._clock.stop()
        self._clock = self.set_interval(seconds, self._tick)

    def _tick(self) -> None:
        self.rows.refresh()
        self.show_detail()
        row = self.rows.current
        if row is not None and row.job is not None and row.job["state"] == "running":
            self.ask()

    def on_line_list_moved(self) -> None:
        """Shows what is known at once, and asks for more when the cursor rests."""
        self.moved()

    @property
    def row(self) -> Row | None:
        """The line under the cursor."""
        return self.rows.current

    # --- keys -------------------------------------------------------------------------------------------

    @property
    def target(self) -> str | None:
        """What deeds are done to."""
        return self.rows.current.key if self.rows.current else None

    @property
    def target_run(self) -> str | None:
        """The run that is opened."""
        return self.rows.current.run if self.rows.current else None

    def on_line_list_chosen(self) -> None:
        """Opens the newest run of the line."""
        self.action_open_run()

    def action_fold(self) -> None:
        """Folds the project under the cursor, or unfolds it."""
        row = self.rows.current
        if row is not None:
            self._folded ^= {row.project["project"]}
            self._show(self.app.mirror)
            self.rows.go_to(row.project["project"])

    def action_order(self) -> None:
        """The other order."""
        self._order = Order.NAME if self._order is Order.TROUBLE else Order.TROUBLE
        self.notify(f"order: {self._order}")
        self._show(self.app.mirror)

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """A slash that is typed into the field is a slash."""
        return action != "filter" or not isinstance(self.focused, Input)

    def action_environments(self) -> None:
        """What jobs run in."""
        self.app.push_screen(EnvironmentsScreen())

    def action_services(self) -> None:
        """The long-lived processes."""
        self.app.push_screen(ServicesScreen())

    def action_filter(self) -> None:
        """Asks for words."""
        field = self.query_one("#filter", Input)
        # Set at once: what is typed next must not go to the list.
        field.display = True
        self.set_focus(field)

    def action_unfilter(self) -> None:
        """Shows everything again."""
        field = self.query_one("#filter", Input)
        field.clear()
        field.display = False
        self.set_focus(self.rows)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filters while it is typed."""
        self._needle = event.value
        self._show(self.app.mirror)

    def on_input_submitted(self) -> None:
        """Back to the list, filtered."""
        self.query_one("#filter", Input).display = bool(self._needle)
        self.set_focus(self.rows)
