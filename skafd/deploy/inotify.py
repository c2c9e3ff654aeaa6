"""Changes as the kernel tells them: one inotify watch for each folder that matters, no thread that wakes up in vain.

This stands on watchdog's reader of inotify and not on its observer, which holds renames back for up to half a second,
watches ignored folders too, and does not say when the limit of watches is reached inside a tree.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from skafd.deploy.scope import Scope
from skafd.deploy.settle import Change

Report = Callable[[Scope, Change, str], None]
"""Called with the scope, what happened, and the path relative to the scope's folder."""
Lost = Callable[[Scope, OSError], None]
"""Called when a scope cannot be watched any longer, for want of watches."""

_MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
_EXHAUSTED = (errno.ENOSPC, errno.EMFILE, errno.ENOMEM)
_ids = itertools.count(1)


class InotifySource:
    """Watches any number of scopes with one inotify instance and one thread. Raises OSError when there is none left."""

    def __init__(self, report: Report, lost: Lost) -> None:
        self._report = report
        self._lost = lost
        self._lock = threading.RLock()
        self._roots: dict[Path, _Root] = {}
        self._inotify = InotifyFD()
        self._inotify.start()

    def add(self, scope: Scope) -> None:
        """Begins to watch; a folder that does not exist is waited for. Raises OSError when the watches are used up."""
        root = _Root(self._inotify, self._lock, scope, self._report, self._lost)
        with self._lock:
            try:
                root.attach()
            except OSError:
                root.detach()
                raise
            self._roots[scope.folder] = root

    def remove(self, scope: Scope) -> None:
        """Stops watching; nothing is reported of the scope from then on."""
        with self._lock:
            root = self._roots.pop(scope.folder, None)
            if root is not None:
                root.detach()

    def close(self) -> None:
        """Stops watching everything and ends the thread."""
        for root in list(self._roots.values()):
            self.remove(root.scope)
        self._inotify.stop()
        self._inotify.join()


class _Root:
    """The watches of one scope. The methods that begin with `on_` are called in inotify's thread."""

    def __init__(self, inotify: InotifyFD, lock: threading.RLock, scope: Scope, report: Report, lost: Lost) -> None:
        self.scope = scope
        self._inotify = inotify
        self._lock = lock
        self._report = report
        self._lost = lost
        self._path = ""
        self._names: dict[WatchDescriptor, str] = {}
        self._ids: dict[WatchDescriptor, CallbackId] = {}
        self._anchor: tuple[WatchDescriptor, str] | None = None
        self._is_detached = False

    def attach(self) -> None:
        """Watches the folder, or else waits for it at the nearest folder above it that exists. Raises OSError."""
        self._path = os.path.realpath(self.scope.folder)
        self._drop_all()
        while not self._enter(""):
            awaited = self._wait_above()
            if not awaited.is_dir() or not os.access(awaited, os.R_OK | os.X_OK):
                break
            self._drop_all()  # It came while the watch above was made.

    def detach(self) -> None:
        """Removes all watches."""
        self._is_detached = True
        self._drop_all()

    def on_event(self, event: InotifyEvent) -> None:
        """Sorts one event of the kernel."""
        with self._lock:
            if self._is_detached:
                return
            try:
                if self._anchor is not None and event.wd == self._anchor[0]:
                    self._on_anchor_event(event, self._anchor[1])
                elif event.wd in self._names:
                    self._on_own_event(event, self._names[event.wd])
            except OSError as error:
                self._give_up(error)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A watched folder is gone, or its file system was unmounted."""
        with self._lock:
            self._ids.pop(wd, None)
            name = self._names.pop(wd, None)
            was_anchor = self._anchor is not None and self._anchor[0] == wd
            if not self._is_detached and (name == "" or was_anchor):
                self._attach_again()

    def on_queue_overflow(self) -> None:
        """The kernel dropped events: all is looked at anew."""
        with self._lock:
            if not self._is_detached:
                self._attach_again()

    def _on_anchor_event(self, event: InotifyEvent, awaited: str) -> None:
        if event.is_move_self or event.is_delete_self or os.fsdecode(event.name) == awaited:
            self._attach_again()

    def _on_own_event(self, event: InotifyEvent, inside: str) -> None:
        if event.is_move_self or event.is_delete_self:
            if not inside:
                self._attach_again()
            return
        if not event.name:
            return  # The folder's own metadata.
        name = os.fsdecode(event.name)
        relative = f"{inside}/{name}" if inside else name
        is_folder = event.is_directory
        if is_folder and (event.is_moved_from or event.is_delete):
            self._leave(relative)
        if not self.scope.concerns(relative, is_folder):
            return
        if not is_folder and self.scope.is_redrawn_by(relative):
            self._redraw()
        if is_folder and (event.is_create or event.is_moved_to):
            self._enter(relative)
        self._report(self.scope, self._change(event, relative), relative)

    def _change(self, event: InotifyEvent, relative: str) -> Change:
        if event.is_delete or event.is_moved_from:
            return Change.VANISHED
        if event.is_modify:
            return Change.WRITING
        if event.is_create:
            return Change.WRITING if self._was_opened(relative) else Change.CREATED
        return Change.WRITTEN

    def _was_opened(self, relative: str) -> bool:
        """Whether a new path is a file that somebody made by opening it, and will close: no link, folder or socket."""
        try:
            status = os.lstat(f"{self._path}/{relative}")
        except OSError:
            return False  # Gone already.
        return stat.S_ISREG(status.st_mode) and status.st_nlink == 1

    def _attach_again(self) -> None:
        was_there = "" in self._names.values()
        try:
            self.attach()
        except OSError as error:
            self._give_up(error)
            return
        is_there = "" in self._names.values()
        if was_there or is_there:
            self._report(self.scope, Change.CREATED if is_there else Change.VANISHED, ".")

    def _give_up(self, error: OSError) -> None:
        self.detach()
        self._lost(self.scope, error)

    def _enter(self, relative: str) -> bool:
        """Watches a folder and those in it. The watch comes before the look, so that nothing slips between them."""
        path = f"{self._path}/{relative}" if relative else self._path
        watch = self._watch(path)
        if watch is None:
            return False
        self._names[watch] = relative
        try:
            with os.scandir(path) as found:
                folders = [child.name for child in found if child.is_dir(follow_symlinks=False)]
        except OSError:
            return True  # Deleted meanwhile, which is an event of its own, or unreadable, which the snapshot tells.
        for name in folders:
            inner = f"{relative}/{name}" if relative else name
            if self.scope.enters(inner):
                self._enter(inner)
        return True

    def _redraw(self) -> None:
        """Enters all that matters now and leaves the rest. What stays is watched without a gap."""
        before = list(self._names)
        self._names.clear()
        self._enter("")
        self._drop([watch for watch in before if watch not in self._names])

    def _leave(self, relative: str) -> None:
        inside = [watch for watch, name in self._names.items() if f"{name}/".startswith(f"{relative}/")]
        self._drop(inside)

    def _wait_above(self) -> Path:
        """Watches the nearest folder above that can be watched; returns the path whose coming it will tell."""
        for awaited in (Path(self._path), *Path(self._path).parents):
            watch = self._watch(str(awaited.parent))
            if watch is not None:
                self._anchor = (watch, awaited.name)
                break
        return awaited

    def _watch(self, path: str) -> WatchDescriptor | None:
        """None when the folder is not there or may not be read. Raises OSError when the watches are used up."""
        new_id = CallbackId(next(_ids))
        try:
            # A folder may be watched for two scopes: the kernel keeps one mask for it, so all use the same.
            watch = self._inotify.add_callback(os.fsencode(path), _MASK, self, new_id)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                raise
            return None
        if watch < 0:
            return None
        if watch in self._ids:  # The same folder, met again under another name.
            self._inotify.remove_callbacks([(watch, self._ids[watch])])
        self._ids[watch] = new_id
        return watch

    def _drop(self, watches: list[WatchDescriptor]) -> None:
        for watch in watches:
            self._names.pop(watch, None)
        self._inotify.remove_callbacks([(watch, self._ids.pop(watch)) for watch in watches])

    def _drop_all(self) -> None:
        self._anchor = None
        self._drop(list(self._ids))
