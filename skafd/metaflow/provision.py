"""What skafd has to bring along to the interpreter of a flow: the extension, and who runs a step."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from skafd.files import sync_file_system

_HERE = Path(__file__).parent
_PARTS = ("extension", "inside")


@dataclass(frozen=True, slots=True)
class Provision:
    """A copy that every user can read, and that stays as it is when skafd is upgraded under a flow that runs."""

    folder: Path

    @property
    def extension(self) -> Path:
        """Goes on the path of the flow's interpreter."""
        return self.folder / "extension"

    @property
    def run_step(self) -> Path:
        """The program that runs a step."""
        return self.folder / "inside" / "run_step.py"


def provide(parent: Path) -> Provision:
    """The copy of this version below `parent`, made at the first call. Raises OSError."""
    sources = sorted(path for part in _PARTS for path in (_HERE / part).rglob("*.py"))
    folder = parent / f"metaflow-{_hash_of(sources)}"
    if not folder.is_dir():
        parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=parent))
        for source in sources:
            target = unfinished / source.relative_to(_HERE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        sync_file_system(unfinished)
        _appear(unfinished, folder)
    return Provision(folder)


def _appear(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished)
        if not folder.is_dir():
            raise


def _hash_of(sources: list[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(_HERE)}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]
