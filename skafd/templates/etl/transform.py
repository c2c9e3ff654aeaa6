"""Leaves out what cannot be used, and sums up by country."""

import csv
from collections import defaultdict
from pathlib import Path

totals = defaultdict(float)
dropped = 0
with Path("data/orders.csv").open(newline="") as stream:
    for order in csv.DictReader(stream):
        if order["country"]:
            totals[order["country"]] += float(order["amount"])
        else:
            dropped += 1

with Path("data/totals.csv").open("w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["country", "total"])
    writer.writerows((country, f"{total:.2f}") for country, total in sorted(totals.items()))
print(f"{len(totals)} countries, {dropped} orders without one left out")
