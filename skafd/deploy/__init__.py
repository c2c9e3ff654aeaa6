"""Deployments: from a save in a project folder to a version that can go live.

    watcher = Watcher(on_settled)                    # on_settled(folder) after each burst of changes, in its thread
    watcher.watch(project) -> Mode                   # Mode.is_polled, Mode.reason
    watcher.watch_parent(folder) -> Mode             # on_settled(folder) when projects appear in it or go
    watcher.unwatch(folder), watcher.mode(folder), watcher.close()

    deployer = Deployer(deployments, environments, slug_of, deliver)
    deployer.remember(folder, last_snapshot_hash)    # after a restart: the newest deployment made from the folder
    deployer.deploy(folder)                          # returns at once; deliver(result) is called in another thread
    deployer.forget(folder), deployer.close()

A result is `Deployable` (all is on disk: switch to it in one transaction), `RefusedDeploy` (what is live stays; its
`message` is for people) or `Unchanged` (an earlier refusal is moot). `environments` makes what
the jobs run in. Nothing here touches the database. `take` makes one snapshot by itself.
"""

from skafd.deploy.pipeline import Deployer
from skafd.deploy.release import Deployable, RefusedDeploy, Result, Stage, Unchanged
from skafd.deploy.snapshot import Snapshot, Snapshotter, take
from skafd.deploy.watch import Mode, Watcher

__all__ = [
    "Deployable",
    "Deployer",
    "Mode",
    "RefusedDeploy",
    "Result",
    "Snapshot",
    "Snapshotter",
    "Stage",
    "Unchanged",
    "Watcher",
    "take",
]
