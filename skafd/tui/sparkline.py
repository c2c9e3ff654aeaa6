"""Numbers as a line of small bars. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_FULL, _EMPTY = "█", "░"


def sparkline(values: Sequence[float]) -> str:
    """One bar for each value, the largest as high as can be; nothing for no values."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(len(_BARS) - 1, int(value / highest * len(_BARS)))] for value in values)


def bar(share: float, width: int) -> str:
    """A share of one as a bar of so many columns; more than one is full."""
    full = round(max(0.0, min(1.0, share)) * width)
    return _FULL * full + _EMPTY * (width - full)
