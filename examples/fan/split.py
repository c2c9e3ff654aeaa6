"""Deals the numbers up to 9000 into three parts."""

from pathlib import Path

PARTS = 3

for part in range(PARTS):
    numbers = range(part, 9000, PARTS)
    Path(f"data/part-{part}.txt").write_text("\n".join(map(str, numbers)))
print(f"{PARTS} parts")
