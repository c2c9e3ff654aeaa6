"""The predictions example: a table and a model from one job, used by the next, served over HTTP."""

from __future__ import annotations

import csv
import io
import json
import socket
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.support.installed import Installed, describe


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_predictions_are_made_and_served(installed: Installed) -> None:
    port = free_port()
    folder = installed.copy_example("predictions")
    installed.ok("up", folder, "--detach", "--data-endpoint", str(port))
    installed.ok("run", "predictions", "--wait")

    counted = json.loads(
        installed.ok("data", "predictions", "--sql", "SELECT count(*) AS n FROM predictions", "--format", "json")
    )
    assert 200 < counted[0]["n"] < 500
    read = {(one["task"], one["name"], one["made_by"]) for one in _inputs(installed, "predictions/1", "table")}
    assert ("predictions/1/score", "customers", "predictions/1/train") in read, read
    listed = installed.ok("data", "predictions")
    assert "customers" in listed
    assert "predictions" in listed
    rows = list(csv.DictReader(io.StringIO(installed.ok("data", "predictions", "predictions", "--format", "csv"))))
    assert len(rows) == counted[0]["n"]

    token = installed.ok("token", "predictions", "--new", "--name", "test").strip()
    served = get(f"http://127.0.0.1:{port}/v1/data/predictions/predictions?risk__gte=0.1&limit=10", token)
    assert len(served["data"]) == 10
    assert served["next"] == 10
    assert all(row["risk"] >= 0.1 for row in served["data"])
    assert "unauthorized" in json.dumps(get(f"http://127.0.0.1:{port}/v1/data/predictions/predictions", "guess"))
    installed.ok("token", "predictions", "--revoke", "1")
    assert "unauthorized" in json.dumps(get(f"http://127.0.0.1:{port}/v1/data/predictions/predictions", token))

    (service,) = installed.status()["services"]
    assert (service["name"], service["state"], service["restarts"]) == ("data", "running", 0)


def test_files_become_tables_and_tables_become_files(installed: Installed) -> None:
    folder = installed.write_project(
        "loading", {"metis.config.yml": "name: loading\njobs:\n  - {name: a, entrypoint: 'true'}\n"}
    )
    installed.ok("up", folder, "--detach")
    source = installed.root / "cities.csv"
    source.write_text("id,city,founded\n1,Bonn,0011-01-01\n2,Köln,\n")
    installed.ok("data", "loading", "cities", "--import", source, "--key", "id")
    target = installed.root / "cities.parquet"
    installed.ok("data", "loading", "cities", "-o", target)
    installed.ok("data", "loading", "again", "--import", target, "--key", "id")
    rows = json.loads(installed.ok("data", "loading", "again", "--format", "json"))
    assert [row["city"] for row in rows] == ["Bonn", "Köln"]
    assert "➜ {" in installed.ok("fetch", "--table", "again", cwd=folder)

    source.write_text("id,city\nx,Bonn\n")
    refused = installed.command("data", "loading", "again", "--import", source)
    assert refused.returncode == 1, describe(refused)
    assert "cannot be put into again" in refused.stderr
    for wrong in (["--import", source], ["nowhere"], ["again", "--format", "xlsx"], ["--sql", "SELECT * FROM nowhere"]):
        assert installed.command("data", "loading", *wrong).returncode != 0


def _inputs(installed: Installed, run: str, kind: str) -> list[dict[str, str]]:
    return [one for one in installed.json("show", run, "--artifacts")["inputs"] if one["kind"] == kind]


def get(url: str, token: str) -> dict[str, object]:
    try:
        with urlopen(Request(url, headers={"X-API-Token": token}), timeout=60) as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        return dict(json.load(error))
