"""What a process that forks steps has imported of Metaflow, and whether that is still what a new process would import.

Standard library and Metaflow, Python 3.6.
"""

import contextlib
import importlib
import os
import sys
import time

_LOOK_AGAIN_SECONDS = 1.0
_MODULES = (
    "metaflow",
    "metaflow.cli",
    "metaflow.cli_components.run_cmds",
    "metaflow.cli_components.step_cmd",
    "metaflow.cli_components.utils",
    "metaflow.client",
    "metaflow.datastore.flow_datastore",
    "metaflow.datastore.task_datastore",
    "metaflow.plugins",
    "metaflow.plugins.datastores.local_storage",
    "metaflow.plugins.metadata_providers.local",
    "metaflow.task",
)
"""What a step imports at the latest when it runs; those that a version does not have are left out."""
_OF_ONE_FLOW = ("cli", "cli_components")
"""Parts of Metaflow that each step imports itself, though not what they import in turn: their commands get parameters,
configs and options of the one flow that is there, at the moment when they are imported.
"""


def preload(answer_once):
    """Imports Metaflow, then calls `answer_once`. Returns why no step may be forked from what came of it, or ""."""
    try:
        importlib.import_module("metaflow")
    except BaseException as error:
        return "Metaflow cannot be imported: %s: %s" % (type(error).__name__, error)
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _forget_commands()
    answer_once()
    if len(os.listdir("/proc/self/task")) > 1:
        return "importing Metaflow starts a thread here"
    if any(_is_gpu(one) for one in os.listdir("/proc/self/fd")):
        return "importing Metaflow opens a GPU here"
    return ""


def _forget_commands():
    for name in list(sys.modules):
        parts = name.split(".")
        if parts[0] == "metaflow" and len(parts) > 1 and parts[1] in _OF_ONE_FLOW:
            del sys.modules[name]
    for part in _OF_ONE_FLOW:
        sys.modules["metaflow"].__dict__.pop(part, None)


def _is_gpu(descriptor):
    try:
        return os.readlink("/proc/self/fd/" + descriptor).startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri/"))
    except OSError:
        return False


class Freshness:
    """Whether what was imported and configured is still what is on disk."""

    def __init__(self):
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        home = os.environ.get("METAFLOW_HOME", "~/.metaflowconfig")
        self._config = os.path.expanduser(home)
        self._files = sorted({file for file in files if file})
        metaflow = sys.modules.get("metaflow")
        if metaflow is not None:
            self._files.append(os.path.dirname(os.path.dirname(metaflow.__file__)))
        self._seen = self._look()
        self._next_look = time.time() + _LOOK_AGAIN_SECONDS

    def is_lost(self):
        """Looks, but not more often than once a second."""
        now = time.time()
        # A clock that was set back is no reason not to look.
        if 0 <= self._next_look - now <= _LOOK_AGAIN_SECONDS:
            return False
        self._next_look = now + _LOOK_AGAIN_SECONDS
        return self._look() != self._seen

    def _look(self):
        try:
            names = sorted(os.listdir(self._config))
        except OSError:
            names = []
        # Tokens are there too, and each deployment of a flow writes one.
        settings = [os.path.join(self._config, one) for one in names if one.endswith(".json")]
        return [(path, _changed_at(path)) for path in self._files + settings]


def _changed_at(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
