"""Whether files that arrive would be deployed: where the ignore files do not exclude them, each is a new version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from skafd.deploy.ignore import Rules, Verdict
from skafd.engine.listeners import triggers_of
from skafd.model.project import Project, TriggerKind


def inbox_warnings(folder: Path, config: Project) -> Iterator[str]:
    """A sentence for each pattern whose files are part of the project."""
    rules = Rules(folder)
    for name in dict.fromkeys(trigger.name for _, trigger in triggers_of(config, TriggerKind.FILE)):
        if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts and _is_kept(rules, name):
            yield (
                f"each file that arrives as {name} is deployed as a part of the project: "
                f"name {_ignorable(name)} in its .gitignore or .skafosignore"
            )


def _is_kept(rules: Rules, name: str) -> bool:
    parts = name.replace("**/", "").replace("*", "any").split("/")
    folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    if any(rules.judge(folder, True) is not Verdict.KEPT for folder in folders):
        return False
    return rules.judge("/".join(parts), False) is Verdict.KEPT


def _ignorable(name: str) -> str:
    first = name.partition("/")[0]
    return f"{first}/" if "/" in name and "*" not in first else name
