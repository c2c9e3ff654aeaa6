"""R11: limits hold: memory is never over its limit, cpu never over its quota."""

from __future__ import annotations

import os

import pytest

from tests.support.tortured import SCALE, Tortured

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="limits need control groups: run the tests as root"),
]

SECONDS = min(10.0, 4.0 * SCALE)
QUOTA = 0.5
LIMIT_BYTES = 64 * 2**20
BURN = f"""\
import os, time
began = time.monotonic()
for _ in range(3): os.fork()
while time.monotonic() - began < {SECONDS}: pass
"""
EAT = "keep = []\nwhile True: keep.append(b'x' * (1 << 20))\n"
JOBS = f"""\
  - {{name: burn, entrypoint: burn.py, on_deploy: wait, resources: {{limits: {{cpu: {QUOTA}}}}}}}
  - {{name: eat, entrypoint: eat.py, on_deploy: wait, resources: {{limits: {{memory: {LIMIT_BYTES}}}}}}}
"""


def test_memory_and_cpu_stay_within_their_limits(tortured: Tortured) -> None:
    tortured.deploy(tortured.write("stress", JOBS, {"burn.py": BURN, "eat.py": EAT}))
    tasks = {task["name"]: task["attempts"][0] for task in tortured.ended(tortured.run("stress"))["tasks"]}
    # A busy machine may give less than the quota, never more; start and end of the interpreter are in the figure too.
    assert tasks["burn"]["cpu_seconds"] <= QUOTA * SECONDS * 1.05 + 0.2
    assert tasks["eat"]["state"] == "oom_killed"
    assert tasks["eat"]["peak_memory_bytes"] <= LIMIT_BYTES
