"""Values as programs have always seen them: times as ISO texts with `Z`, fractions that are none as whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

MISSING_NUMBER = "NaN"
"""What stands where a number is missing."""


def plain(value: Any) -> Any:
    """As JSON has it."""
    convert = _CONVERSIONS.get(type(value))
    return value if convert is None else convert(value)


def teach(kind: type, convert: Callable[[Any], Any]) -> None:
    """Values of that type, which is known only where this is called, are converted so."""
    _CONVERSIONS[kind] = convert


def _instant(value: datetime) -> str:
    text = value.replace(tzinfo=None).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return f"{text}Z"


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, MISSING_NUMBER)


def _hexadecimal(value: bytes | bytearray) -> str:
    return f"0x{value.hex()}"


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    float: _float,
    datetime: _instant,
    date: lambda value: f"{value.isoformat()}T00:00:00Z",
    time: lambda value: value.isoformat(),
    timedelta: str,
    Decimal: lambda value: int(value) if value == value.to_integral_value() else float(value),
    UUID: str,
    bytes: _hexadecimal,
    bytearray: _hexadecimal,
    list: lambda value: [plain(one) for one in value],
    tuple: lambda value: [plain(one) for one in value],
    dict: lambda value: {str(plain(key)): plain(one) for key, one in value.items()},
}
