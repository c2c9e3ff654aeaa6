"""Asks for the months in Spark SQL: since the project has the add-on, Spark answers, with nothing configured here."""

from skafossdk import DataSourceType, Skafos

MONTHS = """
SELECT place, month(day) AS month, round(avg(highest), 1) AS warmth, sum(rain) AS rain,
       rank() OVER (PARTITION BY place ORDER BY sum(rain) DESC) AS wettest
FROM w GROUP BY place, month(day) ORDER BY place, month
"""
SUMMARY = {
    "table_name": "months",
    "options": {"primary_key": ["place", "month"]},
    "columns": {"place": "text", "month": "int", "warmth": "float", "rain": "decimal", "wettest": "int"},
}
ska = Skafos()
ska.engine.create_view("w", {"table": "weather"}, DataSourceType.Cassandra).result()
months = ska.engine.query(MONTHS).result()["data"]
ska.engine.save(SUMMARY, months).result()
for row in months:
    if row["wettest"] == 1:
        print(f"{row['place']}: most rain in month {row['month']}, {row['rain']} mm")
