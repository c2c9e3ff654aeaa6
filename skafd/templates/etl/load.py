"""Puts the totals into a database, all of them or none; run twice, it leaves the same."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

with Path("data/totals.csv").open(newline="") as stream:
    rows = [(row["country"], float(row["total"])) for row in csv.DictReader(stream)]

with closing(sqlite3.connect("data/warehouse.db")) as database, database:
    database.execute("CREATE TABLE IF NOT EXISTS totals (country TEXT PRIMARY KEY, total REAL NOT NULL)")
    database.executemany("INSERT OR REPLACE INTO totals VALUES (?, ?)", rows)
print(f"{len(rows)} rows in data/warehouse.db")
