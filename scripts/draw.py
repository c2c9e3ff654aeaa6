"""Draws the state machine of tasks into `docs/graph.md`, from the table in the code. `python -m scripts.draw`."""

from __future__ import annotations

from pathlib import Path

from skafd.model.states import TRANSITIONS, TaskState

PAGE = Path(__file__).resolve().parent.parent / "docs" / "graph.md"
BEGIN, END = "<!-- drawn by scripts/draw.py: begin -->", "<!-- drawn by scripts/draw.py: end -->"


def draw_states() -> str:
    """The moves between states as a mermaid diagram, and as a table."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {TaskState.WAITING}"]
    lines += [f"    {old} --> {new}" for old in TaskState for new in TaskState if new in TRANSITIONS[old]]
    lines += [f"    {state} --> [*]" for state in TaskState if state.is_terminal]
    lines += ["```", "", "| from | to |", "|---|---|"]
    for old in TaskState:
        news = ", ".join(f"`{new}`" for new in TaskState if new in TRANSITIONS[old])
        lines.append(f"| `{old}` | {news or 'the end'} |")
    return "\n".join(lines)


def drawn(page: str) -> str:
    """The page with the drawing of today between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{draw_states()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text()))
