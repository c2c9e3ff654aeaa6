"""Amounts as people write them: memory (`2Gi`), cores (`500m`), durations (`2h`)."""

from __future__ import annotations

import re
from decimal import Decimal

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_DECIMAL = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_NUMBER = r"([0-9]{1,15}(?:\.[0-9]{1,15})?)"  # bounded, so that no amount overflows
_MEMORY = re.compile(_NUMBER + r"\s*(Ki|Mi|Gi|Ti|Pi|k|K|M|G|T|P)?B?")
_DURATION_PART = re.compile(_NUMBER + r"\s*(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_memory(text: str) -> int:
    """Bytes of a Kubernetes-style amount: `2Gi`, `512Mi`, `1.5G`, `1000`. Raises ValueError."""
    match = _MEMORY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not an amount of memory: {text!r} (write it as 512Mi or 2Gi)")
    number, unit = match.groups()
    factor = _BINARY.get(unit or "") or _DECIMAL[unit or ""]
    return int(Decimal(number) * factor)


def parse_cores(text: str) -> float:
    """Cores of a Kubernetes-style amount: `2`, `0.5`, `500m`. Raises ValueError."""
    match = re.fullmatch(_NUMBER + "(m?)", text.strip())
    if not match:
        raise ValueError(f"not a number of cores: {text!r} (write it as 2, 0.5 or 500m)")
    return float(match[1]) / (1000 if match[2] else 1)


def parse_duration(text: str) -> float:
    """Seconds of `30s`, `2h`, `1h30m`, `250ms`, or a bare number of seconds. Raises ValueError."""
    compact = text.strip()
    if re.fullmatch(_NUMBER, compact):
        return float(compact)
    parts = _DURATION_PART.findall(compact)
    if not parts or _DURATION_PART.sub("", compact).strip():
        raise ValueError(f"not a duration: {text!r} (write it as 30s, 10m, 2h or 1h30m)")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def format_memory(amount_bytes: int) -> str:
    """`64Mi`, `1.5Gi`: the largest binary unit that leaves at least 1, one decimal at most."""
    for unit, factor in reversed(_BINARY.items()):
        if amount_bytes >= factor * 1023.95 / 1024:  # rounded, it would be 1024 of the next smaller unit
            return f"{amount_bytes / factor:.1f}".removesuffix(".0") + unit
    return f"{amount_bytes}B"


def format_duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m20s`, `2h05m`, `3d04h`: two units at most."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"
