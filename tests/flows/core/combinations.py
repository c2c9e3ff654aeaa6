"""Writes every valid combination of a test and a graph as a folder with a flow and its check, and lists them as JSON.

    python combinations.py METAFLOW/test/core FOLDER

Run by the interpreter that has metaflow.
"""

import json
import os
import shutil
import sys
from pathlib import Path


def main(core, folder):
    """Writes the folders; prints a list of what to do with each."""
    os.chdir(core)
    sys.path.insert(0, core)
    from metaflow_test.formatter import FlowFormatter
    from run_tests import iter_graphs, iter_tests

    found = []
    graphs = sorted(iter_graphs(), key=lambda graph: graph["name"])
    for test in sorted(iter_tests(), key=lambda one: type(one).__name__):
        for graph in graphs:
            formatter = FlowFormatter(graph, test)
            if formatter.valid:
                found.append(write(Path(core), Path(folder, type(test).__name__, graph["name"]), formatter))
    print(json.dumps(found))


def write(core, folder, formatter):
    """One combination, as Metaflow's own harness lays it out."""
    shutil.copytree(core / "metaflow_test", folder / "metaflow_test", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "test_flow.py").write_text(formatter.flow_code, encoding="utf-8")
    (folder / "check_flow.py").write_text(formatter.check_code, encoding="utf-8")
    for name in formatter.copy_files:
        shutil.copy2(core / "tests" / name, folder / name)
    nodes = formatter.graphspec["graph"].values()
    return {
        "size": len(nodes) * 3 ** sum("foreach" in node for node in nodes),
        "folder": str(folder),
        "test": type(formatter.test).__name__,
        "graph": formatter.graphspec["name"],
        "should_fail": bool(formatter.should_fail),
        "should_resume": bool(formatter.should_resume),
        "resume_step": formatter.resume_step,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
