"""`python -m skafd.torture`: what `skafd doctor --torture` and `make torture` start."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from skafd.torture.campaign import Campaign, Report
from skafd.torture.telling import describe, shortest_trace


def main() -> int:
    """Exit code 0 when nothing was lost, 1 otherwise; then the state folder stays for a look."""
    options = _options()
    root = Path(tempfile.mkdtemp(prefix="skafd-torture-", dir="/tmp"))
    print(f"torture with seed {options.seed} in {root}, for {options.minutes:g} minutes", flush=True)
    report = Campaign(root, options.seed).run(lambda kills, seconds: _is_over(options, kills, seconds))
    print("\n".join(describe(report)))
    if report.is_clean:
        shutil.rmtree(root)
        return 0
    print("\n".join(shortest_trace(report, root)))
    if options.regressions is not None:
        _remember(options.regressions, report, root)
    print(f"the state folder stays for a look: {root}")
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="skafd doctor --torture", description="Kills skafd until something is lost.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--minutes", type=float, default=10.0, help="how long processes are killed")
    parser.add_argument("--kills", type=int, help="end earlier, after so many kills of the daemon")
    parser.add_argument("--regressions", type=Path, help="a file that a failing seed is appended to")
    return parser.parse_args()


def _is_over(options: argparse.Namespace, kills: Counter[str], seconds: float) -> bool:
    daemons = kills["daemon"] + kills["daemon while it starts"]
    return seconds >= options.minutes * 60 or (options.kills is not None and daemons >= options.kills)


def _remember(path: Path, report: Report, root: Path) -> None:
    with path.open("a") as stream:
        stream.write("\n".join([f"seed {report.seed}", *(f"  {line}" for line in shortest_trace(report, root)), ""]))


if __name__ == "__main__":
    sys.exit(main())
