"""A screen with a list that the daemon is asked for, and what is known of the line under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd.errors import SkafdError
from skafd.tui.line_list import Item, LineList
from skafd.tui.sizes import detail_beside

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

T = TypeVar("T", bound=Item)


class Listing(Screen[None], Generic[T]):
    """Asks when it is shown, and whenever something changed."""

    LEAVE: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back")]
    DEFAULT_CSS = f"""
    Listing #top {{ height: 1; padding: 0 1; background: $panel; }}
    Listing LineList {{ width: 1fr; height: 1fr; }}
    {detail_beside("Listing")}
    """
    app: SkafdApp

    def __init__(self, title: str, nothing: str) -> None:
        """`nothing` is said where the list is empty."""
        super().__init__()
        self._title = title
        self._nothing = nothing

    def find(self) -> Sequence[T]:
        """What is in the list; called in a thread. Raises SkafdErrors."""
        raise NotImplementedError

    def draw(self, item: T, width: int) -> Text:
        """One line of it."""
        raise NotImplementedError

    def describe(self, item: T) -> Text:
        """What is known of the item under the cursor."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """What it is, the list, the item under the cursor, the keys."""
        yield Static(self._title, id="top", markup=False)
        with Horizontal(id="both"):
            yield LineList[T](self.draw)
            with VerticalScroll(id="detail", can_focus=False):
                yield Static(id="said", markup=False)
        yield Footer(show_command_palette=False)

    @property
    def list(self) -> LineList[T]:
        """The list."""
        return cast("LineList[T]", self.query_one(LineList))

    def on_mount(self) -> None:
        """Asks now, and whenever something changed."""
        self.watch(self.app, "mirror", lambda _: self.ask())
        self.set_focus(self.list)

    def ask(self) -> None:
        """Asks in a thread."""
        self.run_worker(self._find_out, thread=True, exclusive=True, group="list", exit_on_error=False)

    def _find_out(self) -> None:
        try:
            found = self.find()
        except SkafdError as error:
            self.app.call_from_thread(self.query_one("#top", Static).update, error.message)
            return
        self.app.call_from_thread(self._show, found)

    def _show(self, found: Sequence[T]) -> None:
        if self.is_attached:
            self.query_one("#top", Static).update(self._title if found else f"{self._title}: {self._nothing}")
            self.list.show(found)

    def show_detail(self) -> None:
        """Describes the item under the cursor."""
        current = self.list.current
        self.query_one("#said", Static).update(self.describe(current) if current is not None else "")

    def on_line_list_moved(self) -> None:
        """Describes it."""
        self.show_detail()

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()
