"""A real Ray cluster of two nodes on this machine, on free ports, ended by its process groups."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

VERSION = "2.60.0"
PLACE = Path(__file__).resolve().parents[2] / ".ray"
PATIENCE_SECONDS = 180.0
_SMALL = "100000000"
"""Bytes for objects, which no test has many of."""


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Where it is."""

    address: str

    def jobs(self) -> dict[str, dict[str, Any]]:
        """What the cluster says of its jobs, by their submission ids."""
        with urlopen(f"{self.address}/api/jobs/") as answer:
            return {str(job["submission_id"]): job for job in json.load(answer) if job["submission_id"]}


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Head with one cpu, and a second node with another; or the one that `SKAFD_TEST_RAY` is the address of."""
    if running := os.environ.get("SKAFD_TEST_RAY"):
        yield RayCluster(running)
        return
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    programs = _install()
    own = {"HOME": str(folder), "RAY_USAGE_STATS_ENABLED": "0", "PATH": f"{programs}:{os.environ['PATH']}"}
    environment = {**{name: value for name, value in os.environ.items() if not name.startswith("RAY_")}, **own}
    # Ends quickly what it is told to end, and is patient with a busy machine.
    environment |= {"RAY_JOB_STOP_WAIT_TIME_S": "1", "RAY_raylet_start_wait_time_s": "180"}
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        try:
            address = _start_nodes(nodes, programs / "ray", folder, environment)
        except RuntimeError as error:
            # Somebody else may have taken a port between its being found free and Ray's coming for it.
            print(f"Ray is started once more: {error}", file=sys.stderr)
            _end(nodes)
            nodes.clear()
            address = _start_nodes(nodes, programs / "ray", folder, environment)
        yield RayCluster(address)
    finally:
        _end(nodes)
        shutil.rmtree(folder, ignore_errors=True)


def _start_nodes(nodes: list[subprocess.Popen[bytes]], ray: Path, folder: Path, environment: dict[str, str]) -> str:
    """Adds each node as it is started; returns the address of the dashboard. Raises RuntimeError."""
    port, dashboard, *agents = _free_ports(4)
    address = f"http://127.0.0.1:{dashboard}"
    common = ["--block", "--num-cpus=1", f"--object-store-memory={_SMALL}"]
    head = ["--head", f"--port={port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}"]
    for special, agent in zip(
        ([*head, "--node-ip-address=127.0.0.1", f"--temp-dir={folder}"], [f"--address=127.0.0.1:{port}"]),
        agents,
        strict=True,
    ):
        log = folder / f"node-{len(nodes)}.log"
        command = [str(ray), "start", *special, f"--dashboard-agent-listen-port={agent}", *common]
        nodes.append(_start(command, environment, log))
        _wait_for(address, len(nodes), nodes[-1], log)
    return address


def _install() -> Path:
    """The folder of its programs; installed once for a checkout, by whoever comes first."""
    PLACE.mkdir(exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = PLACE / VERSION
        if not (folder / "bin" / "ray").exists():
            uv = str(Path(sys.executable).with_name("uv"))
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
            # Ray makes environments of jobs with the pip that it was installed beside.
            wanted = [f"ray[default]=={VERSION}", "pip"]
            # Compiled here once, not by each of its many processes when the first cluster is started.
            install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder)]
            subprocess.run([*install, *wanted], check=True)
        return folder / "bin"


def _start(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True, cwd=log.parent
        )


def _wait_for(address: str, nodes: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with suppress(URLError, OSError, ValueError, KeyError):
            with urlopen(f"{address}/nodes?view=summary", timeout=10) as answer:
                summary = json.load(answer)["data"]["summary"]
            if sum(node["raylet"]["state"] == "ALIVE" for node in summary) >= nodes:
                return
        time.sleep(0.2)
    raise RuntimeError(
        f"node {nodes} of Ray did not start:\n{log.read_text(errors='replace')[-3000:]}{_logs(log.parent)}"
    )


def _logs(folder: Path) -> str:
    """The ends of what the processes of the nodes wrote."""
    found = sorted(folder.glob("session_latest/logs/*.*"))
    return "".join(f"\n--- {path.name}\n{path.read_text(errors='replace')[-600:]}" for path in found if path.is_file())


def _end(nodes: list[subprocess.Popen[bytes]]) -> None:
    """All that they started, some of it in groups of its own: asked to end, Ray takes half a minute."""
    found = [
        child for node in nodes if node.poll() is None for child in psutil.Process(node.pid).children(recursive=True)
    ]
    for process in (*nodes, *found):
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            process.kill()
    for node in nodes:
        node.wait()
    psutil.wait_procs(found, timeout=30)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
