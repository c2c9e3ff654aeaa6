"""The house rules that no other checker knows: no unfinished marks, no module too large to be one thing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

LARGEST_MODULE_LINES = 600
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
SDK = Path("skafd/sdk/skafossdk")
OLDEST_PYTHON = (3, 6)
ROOT = Path(__file__).resolve().parent.parent


def tracked_files() -> list[Path]:
    """Files that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def complaints(path: Path) -> list[str]:
    """What is wrong with one file, as `path:line: text`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    name = path.relative_to(ROOT)
    found = [
        f"{name}:{number}: unfinished: {line.strip()}"
        for number, line in enumerate(lines, 1)
        if UNFINISHED.search(line)
    ]
    if name.is_relative_to(SDK) and (problem := _not_for_oldest("\n".join(lines))):
        found.append(f"{name}: Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} does not understand this: {problem}")
    if path.suffix == ".py" and len(lines) > LARGEST_MODULE_LINES:
        found.append(f"{name}: {len(lines)} lines, more than {LARGEST_MODULE_LINES}: is it one thing?")
    return found


def _not_for_oldest(text: str) -> str | None:
    """What the grammar of the oldest Python that jobs may run on has not."""
    try:
        tree = ast.parse(text, feature_version=OLDEST_PYTHON)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    return f"line {future[0].lineno}: from __future__" if future else None


def main() -> int:
    """Prints the complaints; 1 if there are any."""
    found = [
        complaint for path in tracked_files() if path.name != "requirements.lock" for complaint in complaints(path)
    ]
    print("\n".join(found) or "house rules: all kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
