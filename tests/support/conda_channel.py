"""A conda channel in a folder, with packages made here: nothing is downloaded, and no conda is needed."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PLACEHOLDER = "/opt/" + "placeholder_" * 20
"""Stands in files for the prefix they will be installed in; as long as those of real channels."""
_NOT_NEEDED = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data"}
_NOT_NEEDED |= {"site-packages", "dist-packages", "__pycache__"}
_SELDOM_NEEDED = {"unittest", "asyncio", "multiprocessing", "sqlite3", "curses", "dbm"}
_TEXT = {".py", ".sh", ".json", ".txt"}


@dataclass
class Package:
    """One package to be; paths in `files` are relative to the prefix."""

    name: str
    version: str = "1.0"
    depends: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    noarch: str | None = None
    """`python` or `generic`; None for one of this platform."""
    executable: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)

    @property
    def subdir(self) -> str:
        """Where it is in the channel."""
        return "noarch" if self.noarch else "linux-64"


def make_channel(folder: Path, *packages: Package) -> str:
    """Writes packages and index; returns the channel's address."""
    from rattler.index import index_fs

    for subdir in ("noarch", "linux-64"):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
    for package in packages:
        _write(folder / package.subdir / f"{package.name}-{package.version}-0.tar.bz2", package)
    asyncio.run(index_fs(folder))
    return folder.as_uri()


def noarch_python(name: str, version: str = "1.0", depends: tuple[str, ...] = ()) -> Package:
    """A module that knows its version, for any Python."""
    info = f"site-packages/{name}-{version}.dist-info"
    files = {
        f"site-packages/{name}.py": f"version = {version!r}\n".encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/INSTALLER": b"conda\n",
        f"{info}/RECORD": f"{name}.py,,\n".encode(),
    }
    return Package(name, version, ("python", *depends), files, noarch="python")


def machine_python(is_whole: bool = False) -> Package:
    """The Python that the tests run on, without what they do not need, movable to any prefix."""
    left_out = _NOT_NEEDED if is_whole else _NOT_NEEDED | _SELDOM_NEEDED
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(base)}))
    files = {f"bin/python{version}": Path(sys.base_prefix, "bin", f"python{version}").read_bytes()}
    links = {"bin/python": f"python{version}", "bin/python3": f"python{version}"}
    binaries: dict[str, Path] = {}
    for path in library.rglob("*"):
        inner = path.relative_to(library)
        is_wanted = not left_out & {*inner.parts} and not inner.parts[0].startswith("config-")
        if path.suffix == ".py" and path.is_file() and is_wanted:
            content = path.read_bytes().replace(str(base).encode(), PLACEHOLDER.encode())
            files[f"lib/python{version}/{inner}"] = content
        elif path.suffix == ".so" and is_wanted:
            binaries[f"lib/python{version}/{inner}"] = path
    for shared in base.glob("lib/libpython*.so*"):
        if shared.is_symlink():
            links[f"lib/{shared.name}"] = shared.readlink().name
        else:
            binaries[f"lib/{shared.name}"] = shared
    files |= _stripped(binaries)
    return Package("python", sys.version.split()[0], (), files, executable=(f"bin/python{version}",), links=links)


def _stripped(binaries: dict[str, Path]) -> dict[str, bytes]:
    """What only a debugger reads is most of them; it stays where this machine cannot take it out."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {name: Path(folder, str(number)) for number, name in enumerate(binaries)}
        for name, copy in copies.items():
            shutil.copy(binaries[name], copy)
        if strip := shutil.which("strip"):
            subprocess.run([strip, "--strip-debug", *map(str, copies.values())], check=True)
        return {name: copy.read_bytes() for name, copy in copies.items()}


@pytest.fixture(scope="session")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a channel `forge` with a Python and packages of every kind, made once for all who run tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "channels"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "is-whole").exists():
            _make_forge(folder)
            (folder / "is-whole").touch()
    return folder


def _make_forge(folder: Path) -> None:
    scripts = {
        "etc/conda/activate.d/gdal.sh": b'export GDAL_DATA="$CONDA_PREFIX/share/gdal"\nunset OLD_GDAL\n',
        "etc/conda/activate.d/path.sh": b'export PATH="$CONDA_PREFIX/opt/gdal:$PATH"\n',
    }
    make_channel(
        folder / "forge",
        machine_python(),
        noarch_python("alpha", "1.0"),
        noarch_python("alpha", "2.0"),
        noarch_python("beta", "1.0", ("alpha <2",)),
        Package("gdal", files={**scripts, "bin/gdal": f"\0{PLACEHOLDER}/share\0".encode()}, executable=("bin/gdal",)),
        Package("greedy", depends=("alpha 3.*",)),
        Package("hanging", files={"etc/conda/activate.d/hang.sh": b"sleep 1000\n"}),
    )


def _write(path: Path, package: Package) -> None:
    index = {
        "name": package.name,
        "version": package.version,
        "build": "0",
        "build_number": 0,
        "depends": list(package.depends),
        "subdir": package.subdir,
        "timestamp": 1_600_000_000_000,
        **({"noarch": package.noarch} if package.noarch else {"arch": "x86_64", "platform": "linux"}),
    }
    paths = [_entry(name, content) for name, content in package.files.items()]
    paths += [{"_path": name, "path_type": "softlink"} for name in package.links]
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "".join(f"{name}\n" for name in (*package.files, *package.links)).encode(),
    }
    if package.noarch == "python":
        info["info/link.json"] = json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1}).encode()
    with tarfile.open(path, "w:bz2", compresslevel=1) as archive:
        for name, content in {**info, **package.files}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755 if name in package.executable else 0o644
            archive.addfile(member, io.BytesIO(content))
        for name, target in package.links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)


def _entry(name: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {
        "_path": name,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    if PLACEHOLDER.encode() in content:
        mode = "text" if Path(name).suffix in _TEXT else "binary"
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": mode}
    return entry
