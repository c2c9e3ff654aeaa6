"""How long a hop of a chain takes (end of a task -> exec of its dependent), and how many no-ops run in a second.

Both are measured on the real daemon and, in the same run, on a bare loop that does the same fork, cgroup, exec and
commits. The rounds of the two alternate, so that what else the machine does falls on both.

    python benchmarks/hop.py [--rounds N] [--length N] [--count N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.bare_loop import BareLoop
from benchmarks.real_daemon import RealDaemon, running
from benchmarks.work import hops

AT_ONCE = 2 * (os.cpu_count() or 1)
"""Bare tasks alive at once; skafd decides for itself."""


@dataclass(slots=True)
class Figures:
    """What was measured of one side."""

    hop_seconds: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)

    def hop_milliseconds(self, percent: int) -> float:
        """A percentile of the hops."""
        return statistics.quantiles(self.hop_seconds, n=100, method="inclusive")[percent - 1] * 1000

    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.per_second)


def measure(arguments: argparse.Namespace) -> tuple[str, Figures, Figures]:
    """How limits are enforced, what skafd takes, what the bare loop takes."""
    real, bare = Figures(), Figures()
    with running(arguments.length, arguments.count) as daemon:
        daemon.chain()
        loop = BareLoop(daemon.folder / "bare", daemon.cgroup_parents())
        loop.chain(arguments.length)
        for number in range(1, arguments.rounds + 1):
            _round(daemon, loop, real, bare, arguments)
            print(f"round {number} of {arguments.rounds}", file=sys.stderr)
        loop.close()
        return daemon.enforcement(), real, bare


def _round(daemon: RealDaemon, loop: BareLoop, real: Figures, bare: Figures, arguments: argparse.Namespace) -> None:
    bare.hop_seconds += hops(loop.chain(arguments.length))
    real.hop_seconds += hops(daemon.chain())
    bare.per_second.append(arguments.count / loop.together(arguments.count, AT_ONCE))
    real.per_second.append(arguments.count / daemon.together())


def summary(enforcement: str, real: Figures, bare: Figures) -> dict[str, Any]:
    """The figures as they are printed."""
    sides = {
        name: {
            "hop_p50_ms": round(figures.hop_milliseconds(50), 2),
            "hop_p90_ms": round(figures.hop_milliseconds(90), 2),
            "no_ops_per_second": round(figures.rate(), 1),
        }
        for name, figures in (("skafd", real), ("bare_loop", bare))
    }
    return {
        "enforcement": enforcement,
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "hops": len(real.hop_seconds),
        **sides,
        "hop_ratio_p50": round(real.hop_milliseconds(50) / bare.hop_milliseconds(50), 2),
        "hop_ratio_p90": round(real.hop_milliseconds(90) / bare.hop_milliseconds(90), 2),
        "throughput_ratio": round(bare.rate() / real.rate(), 2),
    }


def print_table(found: dict[str, Any]) -> None:
    """Prints the figures for people."""
    print(f"{found['cpus']} cpus, load {found['load']}, {found['enforcement']}, {found['hops']} hops on each side")
    print(f"{'':24}{'skafd':>12}{'bare loop':>12}{'ratio':>10}")
    rows = (
        ("hop p50", "hop_p50_ms", "ms", "hop_ratio_p50"),
        ("hop p90", "hop_p90_ms", "ms", "hop_ratio_p90"),
        ("no-ops", "no_ops_per_second", "/s", "throughput_ratio"),
    )
    for title, key, unit, ratio in rows:
        real, bare = found["skafd"][key], found["bare_loop"][key]
        print(f"{title:24}{f'{real} {unit}':>12}{f'{bare} {unit}':>12}{f'{found[ratio]} x':>10}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=40, help="jobs in the chain")
    parser.add_argument("--count", type=int, default=200, help="independent tasks")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    found = summary(*measure(arguments))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)


if __name__ == "__main__":
    main()
