"""Seeds with which a campaign failed once, and the judge itself: it has to find what is wrong."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.torture import ledger, project
from skafd.torture.campaign import Campaign
from tests.support.tortured import SCALE, Tortured

SEEDS = [
    int(seed) for seed in re.findall(r"^seed (\d+)", Path(__file__).with_name("regressions.txt").read_text(), re.M)
]


@pytest.mark.skipif(SCALE < 2, reason="campaigns of failed seeds belong to `make torture`")
@pytest.mark.parametrize("seed", SEEDS)
def test_what_failed_once_does_not_fail_again(seed: int) -> None:
    root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    report = Campaign(root, seed).run(lambda kills, _: kills["daemon"] >= 30)
    assert report.is_clean, report.verdict.violations
    shutil.rmtree(root)


def test_the_judge_imports_nothing_of_skafd() -> None:
    assert "skafd" not in re.findall(r"^(?:from|import) (\w+)", Path(ledger.__file__).read_text(), re.M)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ledger.Circumstances]:
    """A run of the campaign's project without any kill."""
    noted = tmp_path_factory.mktemp("torture") / "ledger"
    with Tortured() as machine:
        machine.start()
        folder = machine.root / project.NAME
        project.write_project(folder, noted, is_scheduled=False)
        machine.deploy(folder)
        run = machine.run(project.NAME, "source")
        machine.ended(run)
        machine.finish()
        yield ledger.Circumstances(machine.home.path, noted, [run])


def test_the_judge_acquits_who_did_nothing(finished: ledger.Circumstances) -> None:
    verdict = ledger.check(finished)
    assert verdict.violations == []
    assert verdict.counts["attempts"] >= 20


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE attempt SET exit_code = 1 WHERE job = 'one'", "ended with 0"),
        ("UPDATE attempt SET state = 'lost' WHERE job = 'two'", "nobody killed"),
        ("UPDATE attempt SET directory = '/nowhere' WHERE job = 'two'", "its log has 0 bytes"),
        ("UPDATE event SET new = 'succeeded' WHERE job = 'two' AND new = 'queued'", "goes from"),
        ("UPDATE task SET state = 'failed' WHERE job = 'two'", "its last event"),
        ("UPDATE run SET number = 77", "was acknowledged"),
    ],
)
def test_the_judge_finds_what_is_wrong(finished: ledger.Circumstances, tmp_path: Path, damage: str, said: str) -> None:
    shutil.copytree(finished.home, tmp_path / "state", ignore=shutil.ignore_patterns("*.sock", "work"))
    database = sqlite3.connect(tmp_path / "state" / "skafd.db")
    with database:
        database.execute(damage)
    database.close()
    verdict = ledger.check(ledger.Circumstances(tmp_path / "state", finished.ledger, finished.acknowledged))
    assert any(said in sentence for _, sentence in verdict.violations), verdict.violations


def test_the_judge_finds_what_ran_twice(finished: ledger.Circumstances, tmp_path: Path) -> None:
    noted = tmp_path / "ledger"
    noted.write_text(finished.ledger.read_text() + finished.ledger.read_text().splitlines()[0] + "\n")
    verdict = ledger.check(ledger.Circumstances(finished.home, noted, finished.acknowledged))
    assert Counter("ran 2 times" in sentence for _, sentence in verdict.violations) == {True: 1}
