"""R1: `kill -9` of the daemon at any instant: no running job notices, no occurrence is lost or run twice, exit codes
and logs are complete. The launcher and single supervisors are killed too; only an attempt of these may be lost.

A small campaign of `skafd doctor --torture`; `make torture` has the large ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from skafd.torture.campaign import Campaign
from skafd.torture.telling import describe, shortest_trace
from tests.support.tortured import scaled

KILLS = 12
MOST_SECONDS = 25
SEED = 20181231


def test_nothing_is_lost_doubled_or_wrong_whoever_is_killed() -> None:
    def is_over(kills: Counter[str], seconds: float) -> bool:
        return kills["daemon"] >= scaled(KILLS) or seconds > scaled(MOST_SECONDS)

    root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    report = Campaign(root, SEED).run(is_over)
    print("\n".join(describe(report)))
    assert report.is_clean, "\n".join([*describe(report), *shortest_trace(report, root)])
    assert report.verdict.counts["attempts"] > 0
    shutil.rmtree(root)
