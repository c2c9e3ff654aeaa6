"""What differs between two versions of a project: code and packages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skafd.api.differences import DeploymentDiff, FileDiff, PackageDiff
from skafd.daemon.drifting import between
from skafd.daemon.finding import find_project
from skafd.deploy import difference
from skafd.errors import Refused
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber
from skafd.store import Database, Reader


@dataclass(frozen=True, slots=True)
class Version:
    """A deployment, by what people call it here, and the folder with its code."""

    name: str
    deployment: Deployment
    snapshot: Path


def compare_deployments(
    database: Database, deployments: Path, project: str, first: int | None, second: int
) -> DeploymentDiff:
    """What deployment `second` changed since `first`; None: since the one before it. Raises NotFound, Refused."""
    notes: list[str] = []
    with database.reader() as reader:
        row = find_project(reader, project)
        known = [view.number for view in reader.deployments(row.id)]
        before = max((number for number in known if number < second), default=None) if first is None else first
        if before is None:
            raise Refused(f"{row.slug} has no deployment before #{second}", "it was the first")
        found = [reader.deployment(row.id, DeploymentNumber(number)) for number in (before, second)]
        old, new = (Version(f"#{one.number}", one, deployments / row.slug / one.snapshot_hash) for one in found)
        packages = differing_packages(reader, old, new, notes)
    return DeploymentDiff(row.slug, before, second, differing_files(old, new, notes), packages, notes)


def differing_files(old: Version, new: Version, notes: list[str]) -> list[FileDiff]:
    """Files that are not the same; what cannot be compared is noted."""
    if old.snapshot == new.snapshot:
        return []
    gone = [version.name for version in (old, new) if not version.snapshot.is_dir()]
    if gone:
        notes.append(f"the code of {' and of '.join(gone)} is no longer kept")
        return []
    found = difference.compare(old.snapshot, new.snapshot)
    if len(found) == difference.MOST_FILES:
        notes.append(f"only the first {difference.MOST_FILES:,} files that differ are listed")
    return [FileDiff(one.path, one.change.value, one.is_binary, one.is_cut, one.text) for one in found]


def differing_packages(reader: Reader, old: Version, new: Version, notes: list[str]) -> list[PackageDiff]:
    """Packages that are not the same, each with the jobs that have it."""
    jobs: dict[tuple[str, str | None, str | None], list[str]] = {}
    for job in new.deployment.config.jobs:
        before, after = old.deployment.environment_of(job.id), new.deployment.environment_of(job.id)
        if before != after and None in (reader.lock(before), reader.lock(after)):
            notes.append(f"the environment of {job.name.strip()} is another, and its packages are no longer known")
        for one in between(reader, before, after):
            jobs.setdefault((one.name, one.before, one.after), []).append(job.name.strip())
    return [PackageDiff(*package, names) for package, names in jobs.items()]
