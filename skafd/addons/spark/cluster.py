"""What a cluster is known by: its folder, the ports that it answers on, and the secret of those who belong to it.

Each user whose jobs use Spark has a cluster: what an executor runs has the rights of the worker that started it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from skafd.files import write_whole
from skafd.home import Home
from skafd.sandbox.user import User, give

ADDRESS = "127.0.0.1"
_KNOWN = "cluster.json"
_SECRET_BYTES = 32
_OF_THE_USER = ("events", "work", "scratch", "recovery")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster of one user."""

    folder: Path
    master_port: int
    ui_port: int
    history_port: int
    secret: str = field(repr=False)
    user: User | None = None
    """None for skafd's own."""

    @property
    def master(self) -> str:
        """Its URL, for programs."""
        return f"spark://{ADDRESS}:{self.master_port}"

    @property
    def ui(self) -> str:
        """Where its master shows applications and workers."""
        return f"http://{ADDRESS}:{self.ui_port}"

    @property
    def history(self) -> str:
        """Where applications that have ended are shown, when that service runs."""
        return f"http://{ADDRESS}:{self.history_port}"

    @property
    def events(self) -> Path:
        """What applications log of themselves, for the history view."""
        return self.folder / "events"

    @property
    def prefix(self) -> str:
        """What the names of its services begin with."""
        return prefix_of(self.user)


def prefix_of(user: User | None) -> str:
    """What the names of the services of that user's cluster begin with."""
    return "spark" if user is None else f"spark-u{user.uid}"


def open_cluster(home: Home, user: User | None) -> Cluster:
    """The cluster of a user, made known at the first call. Raises OSError."""
    folder = _folder(home, user)
    known = _read(folder)
    return (
        _cluster(folder, user, known) if known else _make(folder, user, free_ports(3), secrets.token_hex(_SECRET_BYTES))
    )


def move(home: Home, cluster: Cluster) -> Cluster:
    """The same with other ports, since somebody else has taken one. Raises OSError."""
    return _make(_folder(home, cluster.user), cluster.user, free_ports(3), cluster.secret)


def free_ports(count: int) -> list[int]:
    """Ports of this machine's own address that nobody has now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((ADDRESS, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def are_free(cluster: Cluster) -> bool:
    """Nobody answers on its ports: to be asked while nothing of it runs."""
    return all(_is_free(port) for port in (cluster.master_port, cluster.ui_port, cluster.history_port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Java does, which does not wait for connections that have just ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _folder(home: Home, user: User | None) -> Path:
    return home.spark / ("cluster" if user is None else f"cluster-u{user.uid}")


def _read(folder: Path) -> Mapping[str, object] | None:
    try:
        return dict(json.loads((folder / _KNOWN).read_text()))
    except (FileNotFoundError, ValueError):
        return None


def _cluster(folder: Path, user: User | None, known: Mapping[str, object]) -> Cluster:
    ports = {name: int(str(known[name])) for name in ("master_port", "ui_port", "history_port")}
    return Cluster(folder, **ports, secret=str(known["secret"]), user=user)


def _make(folder: Path, user: User | None, ports: list[int], secret: str) -> Cluster:
    master, ui, history = ports
    cluster = Cluster(folder, master, ui, history, secret, user)
    # Nothing of skafd's is written to a folder that another user may change: that could be a link by then.
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    for name in _OF_THE_USER:
        if not (folder / name).is_dir():
            (folder / name).mkdir(mode=0o700)
            give(os.fspath(folder / name), user)
    known = {name: value for name, value in asdict(cluster).items() if name not in ("folder", "user")}
    write_whole(folder / _KNOWN, json.dumps(known).encode())
    return cluster
