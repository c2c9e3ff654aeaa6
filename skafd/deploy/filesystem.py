"""Which file system a path is on, and whether it is a network's."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs"),
        *("vboxsf", "vmhgfs", "prl_fs", "drvfs", "virtiofs", "beegfs", "gpfs", "orangefs"),
    }
)
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.ntfs-3g"})


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A mounted file system."""

    type: str
    mount_point: str

    @property
    def is_network(self) -> bool:
        """Whether somebody else may write to it without this kernel seeing it."""
        return self.type in _NETWORK or (self.type.startswith("fuse") and self.type not in _LOCAL_FUSE)


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> FileSystem:
    """The file system that holds `path`, or would hold it if it existed. Raises OSError."""
    real = os.path.realpath(path)
    best = FileSystem("unknown", "")
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _, mount_point, kind = (_unescape(field) for field in line.split(" ")[:3])
        inside = real == mount_point or real.startswith(mount_point.rstrip("/") + "/")
        if inside and len(mount_point) >= len(best.mount_point):
            best = FileSystem(kind, mount_point)
    return best


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
