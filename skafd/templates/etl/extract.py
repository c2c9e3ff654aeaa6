"""Fetches what is new. Here it makes orders up: put your source in its place."""

import csv
import random
from pathlib import Path

ORDERS = 500

source = random.Random(1)
with Path("data/orders.csv").open("w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["order", "country", "amount"])
    for number in range(ORDERS):
        writer.writerow([number, source.choice(["DE", "FR", "US", ""]), f"{source.uniform(5, 500):.2f}"])
print(f"{ORDERS} orders extracted")
