"""What an attempt used over time, as a line that fits a screen."""

from __future__ import annotations

from itertools import pairwise

from skafd.api.shapes import UsagePoint
from skafd.sandbox.usage import Sample

MOST_POINTS = 120
_BEGIN = Sample(0.0, 0.0, 0)


def usage_points(samples: list[Sample]) -> list[UsagePoint]:
    """At most `MOST_POINTS`, each for the time since the last one: cores on average, memory at its most."""
    per_point = -(-len(samples) // MOST_POINTS) or 1
    groups = [samples[start : start + per_point] for start in range(0, len(samples), per_point)]
    ends = [_BEGIN, *(group[-1] for group in groups)]
    return [
        UsagePoint(
            seconds=until.seconds,
            cores=_cores(since, until),
            memory_bytes=max(sample.memory_bytes for sample in group),
        )
        for (since, until), group in zip(pairwise(ends), groups, strict=True)
    ]


def _cores(since: Sample, until: Sample) -> float:
    # Where no control group counts, what ended processes used is not in the sum any more.
    used_seconds = max(0.0, until.cpu_seconds - since.cpu_seconds)
    return round(used_seconds / max(until.seconds - since.seconds, 0.001), 3)
