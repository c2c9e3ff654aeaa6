"""Adds the sums of all parts. It starts only when every instance of `count` has succeeded."""

from pathlib import Path

total = sum(int(path.read_text()) for path in sorted(Path("data").glob("sum-*.txt")))
assert total == sum(range(9000)), total
print(f"total {total}")
