"""The state folder: where it is, what is in it, and who owns it. Standard library only."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.errors import AlreadyRunning, Refused

SYSTEM_HOME = Path("/var/lib/skafd")
LONGEST_SOCKET_PATH_BYTES = 107
"""What the kernel's `sockaddr_un` holds, without the final zero."""
ALREADY_RUNNING_EXIT_CODE = 4
"""Of a daemon that found another one on its state folder."""

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs"}
    | {"vboxsf", "vmhgfs", "prl_fs", "drvfs", "virtiofs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs"}
)
"""Types, as /proc/mounts has them, on which locks and write-ahead logging cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Home:
    """A state folder, which need not exist yet."""

    path: Path

    @classmethod
    def default(cls, environment: Mapping[str, str] = os.environ) -> Home:
        """`$SKAFD_HOME`, else the system service's folder if it is ours, else the XDG state folder."""
        if environment.get("SKAFD_HOME"):
            return cls(Path(environment["SKAFD_HOME"]).absolute())
        if _is_mine(SYSTEM_HOME):
            return cls(SYSTEM_HOME)
        state = Path(environment.get("XDG_STATE_HOME", ""))
        return cls((state if state.is_absolute() else Path.home() / ".local" / "state") / "skafd")

    @property
    def database(self) -> Path:
        """The SQLite file; nobody but the daemon opens it."""
        return self.path / "skafd.db"

    @property
    def lock(self) -> Path:
        """Held by the daemon that owns the folder."""
        return self.path / "lock"

    @property
    def api_socket(self) -> Path:
        """Where the daemon answers HTTP."""
        return self.path / "api.sock"

    @property
    def supervisors_socket(self) -> Path:
        """Where supervisors send their datagrams."""
        return self.path / "supervisors.sock"

    @property
    def job_token_key(self) -> Path:
        """What the tokens of jobs are signed with."""
        return self.path / "job-token.key"

    @property
    def jobs(self) -> Path:
        """What jobs reach whoever they run as: the socket on which they ask the daemon, and the SDK."""
        return self.path / "jobs"

    @property
    def jobs_socket(self) -> Path:
        """Where the daemon answers jobs."""
        return self.jobs / "api.sock"

    @property
    def data_socket(self) -> Path:
        """Where the data engine answers jobs."""
        return self.jobs / "data.sock"

    @property
    def data(self) -> Path:
        """The tables of every project: `<project>.duckdb`."""
        return self.path / "data"

    @property
    def queue_socket(self) -> Path:
        """Where the queue's broker answers jobs."""
        return self.jobs / "queue.sock"

    @property
    def queue(self) -> Path:
        """The messages of every project: `queue.db`."""
        return self.path / "queue"

    @property
    def sdk(self) -> Path:
        """What jobs import: `<hash>/skafossdk/`."""
        return self.jobs / "sdk"

    @property
    def artifacts(self) -> Path:
        """Bytes of artifacts and models, by their hash: `<2>/<sha256>`."""
        return self.path / "artifacts"

    @property
    def notebook_programs(self) -> Path:
        """What executes notebooks: `<hash>/`."""
        return self.jobs / "notebook"

    @property
    def attendants(self) -> Path:
        """What stands here for jobs on a Ray cluster: `<hash>/skafd_ray/`."""
        return self.jobs / "ray"

    @property
    def deployments(self) -> Path:
        """Snapshots, read-only: `<project>/<hash>/`."""
        return self.path / "deployments"

    @property
    def environments(self) -> Path:
        """Virtual environments: `<key>/`."""
        return self.path / "environments"

    @property
    def runs(self) -> Path:
        """Attempts: `<project>/<number>/<job>.<instance>/<attempt>/`."""
        return self.path / "runs"

    @property
    def services(self) -> Path:
        """Long-lived processes of skafd's own: `<name>/<start>/`."""
        return self.path / "services"

    @property
    def spark(self) -> Path:
        """pyspark for jobs, and what each cluster of this machine is known by; jobs come here, also strict ones."""
        return self.jobs / "spark"

    @property
    def queries(self) -> Path:
        """What the data engine and Spark's driver share: sockets, and tables as files; strict jobs do not see it."""
        return self.path / "queries"

    @property
    def logs(self) -> Path:
        """The daemon's own logs."""
        return self.path / "logs"

    def create(self) -> None:
        """Makes the folder and those in it. Raises Refused where skafd could not work in it.

        For root, whose jobs may be other users', they can be passed through to a job's own things, but not listed.
        """
        check_socket_length(self.supervisors_socket)
        file_system = network_file_system(self.path, Path("/proc/mounts").read_text(errors="replace"))
        if file_system:
            raise Refused(
                f"the state folder {self.path} is on a network file system ({file_system})",
                "set SKAFD_HOME to a folder on a local disk",
            )
        passage = 0o711 if os.geteuid() == 0 else 0o700
        for folder in (self.path, self.environments, self.runs, self.jobs, self.services, self.spark, self.queries):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(passage)
        for folder in (self.deployments, self.data, self.logs, self.artifacts):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def acquire_lock(self) -> HomeLock:
        """Makes this process the folder's daemon until `release`. Raises AlreadyRunning, naming the other.

        A forked child that does not exec shares the lock and must close its descriptor.
        """
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 64, 0).decode(errors="replace").split()
            os.close(descriptor)
            raise AlreadyRunning(
                f"a daemon (pid {owner[0] if owner else 'unknown'}) already owns {self.path}",
                "`skafd status` shows what it does; `skafd down` ends it",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {_start_time_ticks()}\n".encode(), 0)
        return HomeLock(descriptor)


@dataclass(frozen=True, slots=True)
class HomeLock:
    """Ownership of a state folder; the kernel ends it with the process."""

    descriptor: int

    def release(self) -> None:
        """Lets another daemon have the folder. The file stays: removing it would let two daemons lock."""
        os.close(self.descriptor)


def check_socket_length(socket: Path) -> None:
    """Raises Refused if the path is too long for a unix socket."""
    length = len(os.fsencode(socket))
    if length > LONGEST_SOCKET_PATH_BYTES:
        raise Refused(
            f"the path of the socket {socket} has {length} bytes; the system allows {LONGEST_SOCKET_PATH_BYTES}",
            "set SKAFD_HOME to a shorter path",
        )


def network_file_system(path: Path, mounts: str) -> str | None:
    """The type of the network file system that holds `path` (existing or not), else None.

    `mounts` is the text of /proc/mounts.
    """
    resolved = path.resolve()
    holder, kind = Path("/"), ""
    for line in mounts.splitlines():
        _, mount_point, file_system, *_ = line.split(" ")
        folder = Path(_unescape(mount_point))
        # A later mount on the same point hides the earlier one.
        if resolved.is_relative_to(folder) and len(folder.parts) >= len(holder.parts):
            holder, kind = folder, file_system
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def _unescape(mount_point: str) -> str:
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), mount_point)


def _is_mine(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _start_time_ticks() -> int:
    """When this process began, in clock ticks since boot: with the pid it names a process for good."""
    after_name = Path("/proc/self/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[19])
