"""`skafd data`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.here import client, given, split_project
from skafd.commands.progress import waiting
from skafd.commands.shape import ProjectArgument, new_app
from skafd.commands.terminal import is_terminal, print_text, say, terminal_width
from skafd.errors import Refused

if TYPE_CHECKING:
    from skafd.addons.data.client import DataClient

app = new_app()
FORMATS = ("table", "json", "csv", "parquet")
MOST_SHOWN = 100
"""On a terminal, unless --limit says otherwise."""


@app.command()
def data(
    project: ProjectArgument = None,
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="A table or a view; all are listed without.")
    ] = None,
    *,
    sql: Annotated[str | None, typer.Option("--sql", metavar="QUERY", help="A statement in Spark SQL.")] = None,
    form: Annotated[str | None, typer.Option("--format", metavar="FORMAT", help="table, json, csv or parquet.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=0, help="At most so many rows.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write into this file.")] = None,
    load: Annotated[Path | None, typer.Option("--import", help="Put a .parquet or .csv file into TABLE.")] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="COLUMNS", help="With --import: the primary key of a new table.")
    ] = "",
    share_with: Annotated[
        str | None, typer.Option("--share-with", metavar="PROJECT", help="Let another project read the tables.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="With --share-with: and write to them.")] = False,
    unshare: Annotated[str | None, typer.Option("--unshare", metavar="PROJECT", help="End that.")] = None,
) -> None:
    """List, print, query and share a project's tables.

    Tables are made by jobs, with ska.engine.save, and from files.

    \b
    Examples:
      skafd data churn
      skafd data churn predictions --format csv > predictions.csv
      skafd data churn --sql "SELECT segment, avg(risk) FROM predictions GROUP BY segment"
      skafd data churn predictions -o predictions.parquet
      skafd data churn customers --import customers.csv --key id
      skafd data churn --share-with scorer
    """
    slug, name, engine = _find(project, table)
    if share_with is not None:
        engine.share(share_with, write)
        print(f"{share_with} may {'read and write' if write else 'read'} the tables of {slug}")
    elif unshare is not None:
        engine.unshare(unshare)
        print(f"{unshare} may no longer use the tables of {slug}")
    elif load is not None:
        _import(engine, name, load, key)
    elif name is None and sql is None:
        _list(engine, slug, form)
    else:
        statement = sql if sql is not None else f"SELECT * FROM `{_checked(name)}`"
        _print(engine, statement, _format(form, output), limit, output)


def _find(project: str | None, table: str | None) -> tuple[str, str | None, DataClient]:
    from skafd.addons.data.client import DataClient

    api = client()
    found, rest = split_project(api, given(project, table))
    api.start_service("data")
    access = api.job_token(found["project"])
    engine = DataClient(Path(access["socket"]).with_name("data.sock"), access["token"])
    return found["project"], rest[0] if rest else None, engine


def _checked(name: str | None) -> str:
    if name is None or "`" in name:
        raise typer.BadParameter(f"no table is called {name}")
    return name


def _format(form: str | None, output: Path | None) -> str:
    if form is None and output is not None:
        form = output.suffix.removeprefix(".")
    form = form or "table"
    if form not in FORMATS:
        raise typer.BadParameter(f"there is no format {form!r}; it is one of {', '.join(FORMATS)}")
    if form == "parquet" and output is None and is_terminal():
        raise Refused("a terminal cannot show Parquet", "say where it goes: --output FILE")
    return form


def _import(engine: DataClient, table: str | None, path: Path, key: str) -> None:
    if table is None:
        raise typer.BadParameter(f"which table? For example: skafd data PROJECT TABLE --import {path.name}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    with waiting(f"reading {path}"):
        rows = engine.load(table, key, path.suffix.removeprefix("."), content)
    print(f"{rows:,} rows of {path.name} are in {table}")


def _list(engine: DataClient, slug: str, form: str | None) -> None:
    from skafd.looks.tables import render_tables

    tables, shares = engine.tables(), engine.shares()
    if form == "json":
        print(json.dumps({"tables": tables, "shared_with": shares}, indent=2))
    elif not tables:
        say(f"{slug} has no tables yet; its jobs make them with ska.engine.save")
    else:
        print_text(render_tables(tables, shares, terminal_width()))


def _print(engine: DataClient, sql: str, form: str, limit: int | None, output: Path | None) -> None:
    if form in ("csv", "parquet"):
        _export(engine, sql if limit is None else f"SELECT * FROM ({sql}) LIMIT {limit}", form, output)
        return
    shown = MOST_SHOWN if limit is None and form == "table" and is_terminal() else limit
    answer = engine.query(sql, None if shown is None else shown + 1)
    rows = answer["data"][:shown]
    if form == "json":
        _write_text(json.dumps(rows, indent=2, ensure_ascii=False), output)
        return
    from skafd.commands.render.data import render_rows

    print_text(render_rows(list(answer["columns"]), rows, terminal_width()))
    if not rows:
        raise typer.Exit(ExitCode.OK)
    if len(answer["data"]) > len(rows) and limit is None:
        say(f"the first {len(rows)} rows; --limit N shows more, --format csv all")


def _export(engine: DataClient, sql: str, form: str, output: Path | None) -> None:
    with engine.export(sql, form) as stream:
        if output is None:
            sys.stdout.flush()
            _copy(stream, sys.stdout.buffer)
            return
        # Whole or not at all.
        unfinished = output.with_name(f".{output.name}.unfinished")
        with unfinished.open("wb") as file, waiting(f"writing {output}"):
            _copy(stream, file)
        unfinished.replace(output)


def _copy(stream: Any, file: BinaryIO) -> None:
    shutil.copyfileobj(stream, file)
    file.flush()


def _write_text(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n")
