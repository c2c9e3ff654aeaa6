"""Queries on Spark: for projects with the add-on `spark-cluster`, over Parquet snapshots of their tables.

    column_types  DuckDB's types as Spark has them, and back
    instants      the tables of a query, between two writes
    snapshots     one file for each version of a table, for as long as somebody may ask for it
    reading       a statement that only reads, from the tables that it names to its rows
    drivers       the conversation with Spark's driver, which is started again and asked again when it dies
    place         the driver as a service of the cluster
    program       the driver itself: `python -m skafd.addons.data.on_spark.program`; `session` is what it does

The data engine's process loads no Spark, and the driver no DuckDB.
"""
