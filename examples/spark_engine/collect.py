"""Saves a year of weather for some places: rows go into a table of the Data Engine."""

import datetime
import random

from skafossdk import Skafos

SCHEMA = {
    "table_name": "weather",
    "options": {"primary_key": ["place", "day"]},
    "columns": {"place": "text", "day": "date", "highest": "float", "rain": "decimal"},
}
chance = random.Random(2026)
first = datetime.date(2025, 1, 1)
rows = [
    {
        "place": place,
        "day": first + datetime.timedelta(days=number),
        "highest": round(warmth - abs(number - 195) / 8 + chance.uniform(-4, 4), 1),
        "rain": round(max(0.0, chance.gauss(1, 4)), 1),
    }
    for place, warmth in (("Bergen", 17), ("Bonn", 25), ("Lisbon", 30))
    for number in range(365)
]
ska = Skafos()
ska.engine.save(SCHEMA, rows).result()
ska.log(f"{len(rows)} days are saved", labels=["collecting"])
