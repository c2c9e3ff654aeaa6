"""R19: secrets never reach a log, a command line, a row of a run, an answer of the api or skafd's own log.

They are printed in many positions, also in pieces, and everything is searched while the job runs and afterwards.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.support.tortured import Tortured

CANARY = "canary-7f3k-$ecret.with*regex[chars]"
LINES = "first line of a key 93kd\nsecond line of a key 83jd"
SCRIPT = """\
import os, subprocess, sys, time
canary, lines = os.environ["CANARY"], os.environ["LINES"]
def out(text): os.write(1, text.encode())
out(canary + "\\n"); out("x" + canary); out(canary * 3 + "\\n"); out(f"'{canary}'\\n")
for letter in canary: out(letter)
for cut in range(1, len(canary)):
    out(canary[:cut]); time.sleep(0.002); out(canary[cut:] + "\\n")
out(canary[:-1] + canary + canary[1:] + "\\n"); out("y" * 65530 + canary + "\\n")
os.write(2, (canary + "\\n").encode()); print(repr(canary), {"key": canary}); print(lines, flush=True)
subprocess.run(["echo", canary])
open("in-work", "w").write("its own folder is its own affair")
out(canary)
open("ready", "w").close()
while not os.path.exists(os.environ["GO"]): time.sleep(0.02)
raise RuntimeError(canary)
"""


def test_a_secret_is_nowhere_but_where_it_belongs(tortured: Tortured) -> None:
    go = tortured.root / "go"
    jobs = "  - {name: tell, entrypoint: tell.py, on_deploy: wait, retry: {times: 1}}\n"
    folder = tortured.write("tells", jobs, {"tell.py": SCRIPT}, f"env: {{GO: {go}}}\n")
    tortured.deploy(folder)
    tortured.client.set_variable("tells", "CANARY", CANARY)
    tortured.client.set_variable("tells", "LINES", LINES)
    run = tortured.run("tells")
    tortured.wait_for("the job to have told everything", lambda: list(tortured.home.runs.glob("*/*/*/1/work/ready")))
    assert _in_command_lines() == []
    go.touch()
    tortured.ended(run)

    answers = [tortured.client.status(), tortured.client.run(run), tortured.client.variables("tells")]
    answers.append(b"".join(tortured.client.logs(run)).decode())
    assert [text for text in map(str, answers) if _has_secret(text.encode())] == []
    tortured.finish()
    files = [path for path in tortured.home.path.rglob("*") if path.is_file() and not path.name.startswith("skafd.db")]
    assert [path for path in files if _has_secret(path.read_bytes())] == []
    assert (tortured.home.logs / "daemon.log") in files
    assert _tables_with_secret(tortured.home.database) == ["variable"]


def _has_secret(content: bytes) -> bool:
    return any(secret.encode() in content for secret in (CANARY, *LINES.splitlines()))


def _in_command_lines() -> list[str]:
    """Nor in the environment of skafd's own processes; the job's own is where it belongs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line, name = (entry / "cmdline").read_bytes(), (entry / "comm").read_text()
            is_ours = name.startswith("skafd") or b"skafd.daemon" in line or b"skafd.sandbox" in line
            mine = (entry / "environ").read_bytes() if is_ours else b""
        except OSError:
            continue
        if _has_secret(line) or _has_secret(mine):
            found.append(f"{entry.name} {name}")
    return found


def _tables_with_secret(path: Path) -> list[str]:
    database = sqlite3.connect(path)
    try:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {table: str(database.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}
    finally:
        database.close()
    return [table for table, text in rows.items() if CANARY in text or LINES.splitlines()[0] in text]
