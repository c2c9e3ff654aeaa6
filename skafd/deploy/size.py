"""How much may be deployed: code, not data. What is larger asks to be ignored, and is then read in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from skafd.deploy.walk import Kind, Tree
from skafd.errors import DeployError
from skafd.units import format_memory

LARGEST_FILE_BYTES = 50 * 2**20
LARGEST_TREE_BYTES = 200 * 2**20
MOST_FILES = 20_000
_NAMED = 5


def check_size(tree: Tree) -> None:
    """Raises DeployError, with the paths to blame and the lines to write into `.skafosignore`."""
    files = [entry for entry in tree.entries if entry.kind is Kind.FILE]
    sizes = Counter({entry.relative: entry.size for entry in files})
    large = {path: size for path, size in sizes.most_common() if size > LARGEST_FILE_BYTES}
    if large:
        what = "a file" if len(large) == 1 else f"{len(large)} files"
        raise _refusal(f"{what} larger than {format_memory(LARGEST_FILE_BYTES)}", _with_sizes(large), large)
    total = sizes.total()
    if total > LARGEST_TREE_BYTES:
        biggest = dict(_heaviest(sizes).most_common(_NAMED))
        limit = format_memory(LARGEST_TREE_BYTES)
        raise _refusal(f"{format_memory(total)} in all, more than {limit}", _with_sizes(biggest), biggest)
    if len(files) > MOST_FILES or not tree.is_whole:
        fullest = dict(_heaviest(Counter(dict.fromkeys(sizes, 1))).most_common(_NAMED))
        counts = [f"{path} ({count} files)" for path, count in fullest.items()]
        raise _refusal(f"{len(files)} files, more than {MOST_FILES}", counts, fullest)


def _heaviest(weights: Counter[str]) -> Counter[str]:
    """The weights summed up by the top-most folder, files at the top by themselves."""
    sums: Counter[str] = Counter()
    for path, weight in weights.items():
        top, slash, _ = path.partition("/")
        sums[top + slash] += weight
    return sums


def _with_sizes(sizes: dict[str, int]) -> list[str]:
    return [f"{path} ({format_memory(size)})" for path, size in sizes.items()]


def _refusal(what: str, culprits: list[str], paths: Iterable[str]) -> DeployError:
    more = f" and {len(culprits) - _NAMED} more" if len(culprits) > _NAMED else ""
    lines = " ".join(list(paths)[:_NAMED])
    return DeployError(
        f"the project has {what}: {', '.join(culprits[:_NAMED])}{more}",
        f"write into .skafosignore, one per line, what is data and not code: {lines} "
        "(jobs then read it in place, from the project's folder)",
    )
