"""Bytes that nothing refers to any more are removed, a day later; all others stay."""

from __future__ import annotations

import os
from datetime import timedelta

from skafd import clock
from skafd.daemon.housekeeping import KEPT_FOR, Housekeeping
from tests.support.sdk_lab import Lab, lab

SAVES = """
from skafossdk import *
ska = Skafos()
ska.artifacts.save("kept", b"kept")
ska.artifacts.save("same", b"modelled")
ska.engine.save_model("tree", b"modelled").result()
"""


def tidy(laboratory: Lab) -> None:
    daemon = laboratory.daemon
    later = clock.now() + KEPT_FOR + timedelta(days=1)
    Housekeeping(daemon.home, daemon.database, daemon.orchestrator.mailbox).tidy(later)


def contents(laboratory: Lab) -> set[str]:
    found = [path for path in laboratory.daemon.home.artifacts.glob("*/*") if path.is_file()]
    return {path.read_bytes().decode() for path in found}


def make_old(laboratory: Lab) -> None:
    for path in laboratory.daemon.home.artifacts.glob("*/*"):
        os.utime(path, (0, 0))


def test_bytes_go_when_nothing_has_them_any_more() -> None:
    with lab() as laboratory:
        laboratory.say(SAVES)
        with laboratory.backend.artifacts._contents.stage() as staged:
            staged.write(b"nobody's")
            staged.adopt()
        tidy(laboratory)
        assert contents(laboratory) == {"kept", "modelled", "nobody's"}
        make_old(laboratory)
        tidy(laboratory)
        assert contents(laboratory) == {"kept", "modelled"}
        laboratory.daemon.cancel_all()
        laboratory.daemon.wait_for("the end", lambda: not laboratory.daemon.alive())
        laboratory.daemon.put(lambda writer: writer.delete_runs([laboratory.attempt.task.run]) or [])
        make_old(laboratory)
        tidy(laboratory)
        assert contents(laboratory) == {"modelled"}
        with laboratory.daemon.database.reader() as reader:
            assert [one.name for one in reader.models(laboratory.attempt.task.run.project)] == ["tree"]
