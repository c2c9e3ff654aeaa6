"""`scripts/flows --core`: all combinations, or those that are named; a second run takes up only what did not pass.

Everything is kept in `.flows` of the checkout, results in `.flows/core.jsonl`; `--anew` begins from nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from skafd.metaflow import describing
from tests.flows.core.sources import environment, sources
from tests.flows.core.suite import CONTEXT, LEFT_OUT, Combination, Suite, name_of
from tests.support.installed import SKAFD, Installed

FOLDER = Path(__file__).resolve().parents[3] / ".flows"
_COMBINATIONS = Path(__file__).with_name("combinations.py")
_EXTENSION = Path(describing.__file__).parent / "extension"


def main() -> int:
    """Prints each combination as it ends, then how many passed."""
    asked = _arguments()
    results = FOLDER / "core.jsonl"
    if asked.anew:
        results.unlink(missing_ok=True)
    root = sources(FOLDER)
    python = environment(FOLDER, root)
    core = root / "test" / "core"
    with Installed() as installed:
        folder = installed.root / "combinations"
        listed = subprocess.run([python, _COMBINATIONS, core, folder], check=True, capture_output=True, text=True)
        valid = [one for one in json.loads(listed.stdout.splitlines()[-1]) if one["test"] not in LEFT_OUT]
        todo = [one for one in _chosen(valid, asked) if name_of(one) not in _passed(results)]
        print(f"{len(valid)} combinations are valid, {len(todo)} are run", flush=True)
        (folder / ".metaflow").mkdir(exist_ok=True)
        installed.ok("up", "--detach")
        suite = Suite(python, _environment(installed, folder, core, python), results)
        failed = [(one, problem) for one, problem in suite.run_all(todo, asked.workers) if problem]
    for one, problem in failed:
        print(f"\n=== {name_of(one)}\n{problem}")
    passed = len({name_of(one) for one in valid} & _passed(results))
    print(f"\n{passed} of {len(valid)} combinations have passed; {len(failed)} failed now")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/flows --core", description=__doc__)
    parser.add_argument("--tests", default="", help="names with commas between them")
    parser.add_argument("--graphs", default="", help="likewise")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="tests at a time")
    parser.add_argument("--most", type=int, default=None, help="no more combinations than that in this run")
    parser.add_argument("--anew", action="store_true", help="forget what has passed before")
    return parser.parse_args()


def _chosen(valid: list[Combination], asked: argparse.Namespace) -> list[Combination]:
    tests, graphs = (set(filter(None, text.lower().split(","))) for text in (asked.tests, asked.graphs))
    found = [one for one in valid if not tests or one["test"].lower() in tests]
    return [one for one in found if not graphs or one["graph"].lower() in graphs][: asked.most]


def _passed(results: Path) -> set[str]:
    """The newest line of a combination counts."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    newest = {line["name"]: line["passed"] for line in map(json.loads, lines)}
    return {name for name, passed in newest.items() if passed}


def _environment(installed: Installed, folder: Path, core: Path, python: Path) -> dict[str, str]:
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    path = os.pathsep.join((str(_EXTENSION), str(core)))
    own = {
        "PYTHONPATH": path,
        "PATH": os.pathsep.join((str(python.parent), os.environ["PATH"])),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
        "SKAFD_PROGRAM": str(SKAFD),
        "USER": "tester",
        "TMPDIR": str(folder),
    }
    return {**installed.environment, **CONTEXT, **own}


if __name__ == "__main__":
    sys.exit(main())
