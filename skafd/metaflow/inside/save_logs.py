"""Saves what a task has printed in a datastore that is not on this machine, where Metaflow looks for it.

    python save_logs.py TYPE ROOT FLOW/RUN/STEP/TASK ATTEMPT STDOUT STDERR

Run by the interpreter of the flow, when the task has ended. Whatever goes wrong is said, and fails nothing.
"""

import sys

_LONGEST_READ_BYTES = 2**20


def main(kind, root, pathspec, attempt, stdout, stderr):
    """The files are in Metaflow's format already."""
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES
    from metaflow.util import Path

    (storage,) = (one for one in DATASTORES if kind == one.TYPE)
    flow, run, step, task = pathspec.split("/")
    datastore = FlowDataStore(flow, None, storage_impl=storage, ds_root=root)
    kept = datastore.get_task_datastore(run, step, task, int(attempt), mode="w")
    contents = [_read(path) for path in (stdout, stderr)]
    if max(map(len, contents)) > _LONGEST_READ_BYTES:
        contents = [Path(path) for path in (stdout, stderr)]
    kept.save_logs("runtime", {"stdout": contents[0], "stderr": contents[1]})


def _read(path):
    with open(path, "rb") as file:
        return file.read(_LONGEST_READ_BYTES + 1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:
        print("The log is not in the datastore: %s: %s" % (type(error).__name__, error), file=sys.stderr)
