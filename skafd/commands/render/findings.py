"""What `skafd doctor` found."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, wrapped

_LOOKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "bold red")}


def render_findings(findings: list[dict[str, Any]], width: int | None) -> Text:
    """A line per finding, and what to do below it."""
    lines: list[Text] = []
    broad = max((len(finding["topic"]) for finding in findings), default=0)
    for finding in findings:
        glyph, style = _LOOKS.get(finding["severity"], ("-", "dim"))
        head = Text(f"{glyph} {finding['topic']:<{broad}}  ", style)
        first, *more = wrapped(finding["says"], None if width is None else width - broad - 4, "")
        lines.append(head.append_text(first))
        lines += [Text(" " * (broad + 4)).append_text(line) for line in more]
        lines += wrapped(finding["advice"] or "", width, " " * (broad + 4), "bold")
    return joined([*lines, Text(), *wrapped(_verdict(findings), width, "", "bold")])


def _verdict(findings: list[dict[str, Any]]) -> str:
    """The last line: whether jobs can run here as promised."""
    wrong = [finding["topic"] for finding in findings if finding["severity"] == "error"]
    remarks = [finding["topic"] for finding in findings if finding["severity"] == "warning"]
    if wrong:
        return f"Verdict: jobs cannot run here as promised; mend {', '.join(wrong)} first."
    if remarks:
        return f"Verdict: jobs run here as promised, but for what is said about {', '.join(remarks)}."
    return "Verdict: jobs run here as promised."
