"""Draws into `docs/graph.md` the graph of the project on the page, and the states of tasks from the table in the code.

python -m scripts.draw
"""

from __future__ import annotations

from pathlib import Path

from skafd.config import read
from skafd.config.drawing import draw_graph
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


def draw_example(page: str) -> str:
    """The project that the page has in its section on drawing."""
    text = page.partition("## A graph, drawn")[2].partition("```yaml\n")[2].partition("```")[0]
    project = read(text, None, "metis.config.yml").project
    assert project is not None, "the page's example is a valid config"
    return f"```mermaid\n{draw_graph(project)}\n```"


def drawn(page: str) -> str:
    """The page with the drawings of today between their marks."""
    first, second = (page.split(BEGIN)[place].partition(END)[2] for place in (1, 2))
    before = page.partition(BEGIN)[0]
    return f"{before}{_marked(draw_example(page))}{first}{_marked(draw_states())}{second}"


def _marked(drawing: str) -> str:
    return f"{BEGIN}\n\n{drawing}\n\n{END}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text()))
