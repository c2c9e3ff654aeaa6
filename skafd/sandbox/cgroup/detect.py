"""Finds out what this machine can enforce, by making a control group and setting its limits."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from skafd.sandbox.cgroup import ask_systemd, delegation, pseudofiles
from skafd.sandbox.cgroup.base import Cgroup, CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.mounts import Mounts, read_mounts
from skafd.sandbox.cgroup.open import open_cgroup
from skafd.sandbox.cgroup.scope import Scope, find_manager
from skafd.sandbox.cgroup.weight import weigh
from skafd.sandbox.spec import ResourceLimits

CONTROLLERS = ("memory", "cpu", "pids")
_PARENT = "skafd"
_SWAP_LIMITS = ("memory.swap.max", "memory.memsw.limit_in_bytes")
_MODEST = {
    "memory": ResourceLimits(memory_bytes=64 * 2**20),
    "cpu": ResourceLimits(cpu=0.5),
    "pids": ResourceLimits(pids=64),
    "cpuacct": ResourceLimits(),
}


def detect(state_folder: str | Path, mounts: Mounts | None = None) -> CgroupPlace:
    """The place for the cgroups of the daemon that owns `state_folder`; its folders are made.

    The second version where it has the controllers, else the first, else none; `problems` says why not more.
    Under systemd the second version is that of scopes which it hands over.
    """
    mounts = mounts or read_mounts()
    name = hashlib.sha256(os.fsencode(os.path.realpath(state_folder))).hexdigest()[:12]
    in_scope = _in_scope(mounts, name)
    if in_scope.folders:
        return in_scope
    second = _with_swap(_second_version(mounts, f"{_PARENT}/{name}"), mounts)
    if second.folders:
        weigh(second)
        return second
    first = _with_swap(_first_version(mounts, name), mounts)
    weigh(first)
    problems = in_scope.problems + second.problems + first.problems
    if first.folders:
        return replace(first, problems=problems)
    return CgroupPlace(CgroupKind.NONE, {}, problems)


def clear(place: CgroupPlace) -> None:
    """Removes the empty folders that `detect` made; those in use stay."""
    for folder in set(place.folders.values()):
        for path in (folder, os.path.dirname(folder)):
            if not _remove_if_empty(path):
                break


def _in_scope(mounts: Mounts, name: str) -> CgroupPlace:
    """What a scope of systemd's offers, where the second version has controllers at all; the scope is gone again."""
    manager = find_manager()
    if manager is None or not any(_controllers(folder) for folder in mounts.second):
        return CgroupPlace(CgroupKind.V2)
    try:
        return ask_systemd.ask(Scope(manager, name, mounts.second[-1]))
    except OSError as error:
        return CgroupPlace(CgroupKind.V2, {}, (f"systemd gives no scope: {error}",))


def detect_in_scope() -> CgroupPlace:
    """The place in the scope that this process is alone in; it is gone when the last process is."""
    mounts = read_mounts()
    return _with_swap(_second_version(mounts, "jobs"), mounts)


def _with_swap(place: CgroupPlace, mounts: Mounts) -> CgroupPlace:
    """The place, with a note where jobs may take swap that nobody counts."""
    folder = place.folders.get("memory")
    if folder is None or not mounts.has_swap or any(os.path.exists(f"{folder}/{name}") for name in _SWAP_LIMITS):
        return place
    return replace(place, is_swap_uncounted=True)


def _controllers(folder: str) -> set[str]:
    return set(CONTROLLERS) & set(pseudofiles.read(folder, "cgroup.controllers").split())


def _second_version(mounts: Mounts, path: str) -> CgroupPlace:
    problems = ["cgroup v2 is not mounted"]
    for base in mounts.second:
        try:
            folder, controllers = delegation.prepare(base, path, CONTROLLERS)
        except OSError as error:
            problems = [f"cgroup v2 cannot be used: {error}"]
            continue
        place = _tried(CgroupPlace(CgroupKind.V2, dict.fromkeys(controllers, folder)))
        if place.folders:
            return place
        problems = list(place.problems)
    return CgroupPlace(CgroupKind.V2, {}, tuple(problems))


def _first_version(mounts: Mounts, name: str) -> CgroupPlace:
    folders: dict[str, str] = {}
    problems: list[str] = []
    for controller in (*CONTROLLERS, "cpuacct"):
        problem = f"cgroup v1 has no {controller} controller here"
        for base in mounts.first.get(controller, ()):
            folder = f"{base}/{_PARENT}/{name}"
            refused = _try_controller(CgroupPlace(CgroupKind.V1, {controller: folder}), controller)
            if refused is None:
                folders[controller] = folder
                break
            problem = f"cgroup v1 of {controller} cannot be used: {refused}"
        if controller not in folders:
            problems.append(problem)
    return CgroupPlace(CgroupKind.V1, folders, tuple(problems))


def _tried(place: CgroupPlace) -> CgroupPlace:
    """The place with those controllers only whose limits can be set."""
    refusals = {controller: _try_controller(place, controller) for controller in place.folders}
    kept = {controller: folder for controller, folder in place.folders.items() if refusals[controller] is None}
    lost = tuple(f"cgroup {place.kind} of {name} cannot be used: {why}" for name, why in refusals.items() if why)
    return CgroupPlace(place.kind, kept, lost)


def _try_controller(place: CgroupPlace, controller: str) -> str | None:
    """Makes a cgroup, sets a limit and removes it again; what was refused, or None."""
    probe: Cgroup = open_cgroup(place.leaf(f"probe-{os.getpid()}"))
    try:
        try:
            refused = probe.create(_MODEST[controller])
            for path in probe.entrances():
                os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        finally:
            probe.remove()
    except OSError as error:
        return str(error)
    return refused[0] if refused else None


def _remove_if_empty(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
