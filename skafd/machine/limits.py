"""What the kernel allows: control groups, watches, open files."""

from __future__ import annotations

from pathlib import Path

from skafd.machine.enforcement import Enforcement, Strength
from skafd.machine.findings import Finding, ok, warning
from skafd.sandbox import open_files

ENOUGH_WATCHES = 65_536
ENOUGH_INSTANCES = 16
ENOUGH_OPEN_FILES = 1024


def examine_cgroups(enforcement: Enforcement) -> Finding:
    """Whether limits hold."""
    topic = "limits"
    if enforcement.is_enforced:
        kept = ", ".join(enforcement.controllers)
        if enforcement.is_swap_uncounted:
            says = f"{enforcement.name_for_people}: the kernel keeps limits of {kept}, but does not count swap"
            return warning(topic, says, "boot with swapaccount=1, or take the swap away: swapoff -a")
        return ok(topic, f"{enforcement.name_for_people}: the kernel keeps limits of {kept}")
    reasons = "; ".join(enforcement.reasons) or "no control group is writable"
    kept = f"only {', '.join(enforcement.controllers)}" if enforcement.controllers else "no"
    advice = (
        "run the daemon as a systemd service with Delegate=yes (system or --user), or as root; "
        "until then memory is watched by sampling and processor shares are not kept"
    )
    if enforcement.strength is Strength.V1:
        advice = "boot with systemd.unified_cgroup_hierarchy=1, or mount the missing controllers of cgroup v1"
    return warning(topic, f"{kept} limits are kept by the kernel: {reasons}", advice)


def examine_inotify(proc: Path = Path("/proc")) -> Finding:
    """Whether saves are noticed at once in many folders."""
    topic = "file events"
    folder = proc / "sys" / "fs" / "inotify"
    try:
        watches = int((folder / "max_user_watches").read_text())
        instances = int((folder / "max_user_instances").read_text())
    except OSError:
        return warning(topic, "this kernel has no inotify", "nothing to do: folders are polled once a second instead")
    if watches < ENOUGH_WATCHES or instances < ENOUGH_INSTANCES:
        says = f"{watches} folders can be watched, by {instances} programs; what is beyond is polled once a second"
        wanted = f"sysctl fs.inotify.max_user_watches={ENOUGH_WATCHES * 8} fs.inotify.max_user_instances=512"
        return warning(topic, says, f"{wanted} (and write it into /etc/sysctl.d to keep it)")
    return ok(topic, f"inotify, for up to {watches} folders")


def examine_open_files() -> Finding:
    """Whether many jobs can run at once."""
    most = open_files.most()
    if most < ENOUGH_OPEN_FILES:
        says = (
            f"the daemon can have {most}: with more than {most // 2} jobs at once it may learn late that one was lost"
        )
        return warning("open files", says, f"as root, before `skafd up`: ulimit -n {ENOUGH_OPEN_FILES}")
    return ok("open files", f"the daemon can have {most}")
