"""The data engine: tables that jobs save rows to, and query in Spark SQL. One process for all projects of the machine.

    column_types   what Cassandra calls a type, as DuckDB has it, and how a value that came as JSON becomes one
    schemas        what jobs say of a table, checked
    engine         what an engine can do: DuckDB in this process, or another such as Spark
    spark_sql      a query in Spark SQL, checked, with every name resolved, in DuckDB's SQL
    embedded       the engine on DuckDB; `databases`, `catalog`, `saving`, `commits` and `answers` are its parts
    server         HTTP on a unix socket; `python -m skafd.addons.data` runs it

duckdb and sqlglot are imported by this process alone, never by the daemon.
"""
