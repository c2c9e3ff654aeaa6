"""The working folder as a package that a Ray cluster unpacks: the same files make the same package."""

import hashlib
import os
import zipfile
from typing import Iterator, List, Tuple

LARGEST_BYTES = 500 * 2**20
"""Ray takes no more; data belong into storage that the whole cluster reaches."""
REMOTE = ".skafd"
"""The folder in the package that is ours."""
_BEGINNING = (1980, 1, 1, 0, 0, 0)
_PIECE_BYTES = 2**20


class TooLarge(Exception):
    """The text is for the user."""


class Package:
    """A zip file, by its content."""

    def __init__(self, path: str, name: str, left_out: "List[str]") -> None:
        self.path = path
        self.name = name
        self.left_out = left_out
        """Links to what is not in the folder, such as live data."""


def pack(folder: str, own: "List[Tuple[str, str]]", target: str) -> Package:
    """All of `folder`, and of ours the files with the places that they get. Raises TooLarge, OSError."""
    files, left_out = [], []  # type: List[Tuple[str, str]], List[str]
    for place, path in _walk(folder, ""):
        if os.path.isfile(path) and _is_inside(path, folder):
            files.append((place, path))
        else:
            left_out.append(place)
    size = sum(os.path.getsize(path) for _, path in files)
    if size > LARGEST_BYTES:
        has, most = size // 2**20, LARGEST_BYTES // 2**20
        raise TooLarge(
            f"the project has {has} MiB, and Ray takes at most {most}: name large files in .skafosignore, and read "
            "them from a place that the cluster reaches"
        )
    _write(sorted(files) + own, target)
    return Package(target, f"_ray_pkg_{_hash(target)}.zip", sorted(left_out))


def _walk(folder: str, below: str) -> "Iterator[Tuple[str, str]]":
    """Files, and links that lead to folders, with their places."""
    for entry in os.scandir(os.path.join(folder, below)):
        place = os.path.join(below, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder, place)
        else:
            yield place, entry.path


def _is_inside(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)


def _write(files: "List[Tuple[str, str]]", target: str) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, path in files:
            about = zipfile.ZipInfo(place, _BEGINNING)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = (os.stat(path).st_mode & 0o777) << 16
            with open(path, "rb") as source, archive.open(about, "w", force_zip64=True) as written:
                for piece in iter(lambda: source.read(_PIECE_BYTES), b""):
                    written.write(piece)


def _hash(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(_PIECE_BYTES), b""):
            digest.update(piece)
    return digest.hexdigest()[:40]
