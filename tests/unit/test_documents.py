"""What the documents promise is there: links, make targets, config keys, problem codes, examples of configs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.config import find_config, load, read
from skafd.config.keys import FLAT, JOB, PROJECT
from skafd.config.problems import Code
from skafd.config.values import RETRY_DETAILS, SCHEDULE_DETAILS, TRIGGER_DETAILS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
_LINK = re.compile(r"!?\[(?:[^\]`]|`[^`]*`)*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _links(page: Path) -> Iterator[str]:
    """Relative links outside blocks of code."""
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def _anchors(page: Path) -> set[str]:
    """The anchors that headings get."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{_name(page)} links to {link}"
        if anchor:
            assert anchor in _anchors(target), f"{_name(page)} links to {link}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in _links(page)}
        waiting += [target for target in targets - reached if target.suffix == ".md"]
    lost = [_name(page) for page in PAGES if page not in reached and page.parent.name != "data"]
    assert lost == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:^ +|`)make ([a-z]+(?:-[a-z]+)*)\b", page.read_text(), re.MULTILINE)
    }
    assert {"demo", "test", "lint", "bench", "lock", "clean"} <= targets
    assert named <= targets


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], check=True, capture_output=True, text=True)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line.split()[1] for line in listed.stdout.splitlines()] == targets


def test_the_config_reference_has_every_key() -> None:
    text = (ROOT / "docs" / "config.md").read_text()
    tables = (PROJECT, FLAT, JOB, RETRY_DETAILS, SCHEDULE_DETAILS, TRIGGER_DETAILS)
    missing = {
        key.name for table in tables for key in table.keys if not re.search(rf"`{key.name}[`:]|\b{key.name}: ", text)
    }
    assert missing == set()


def test_the_config_reference_explains_every_problem() -> None:
    section = (ROOT / "docs" / "config.md").read_text().partition("## Problems")[2]
    assert {code.value for code in Code} == set(re.findall(r"`([a-z-]+)`", section)) - {"code"}


def test_keys_of_a_later_version_are_named_as_such() -> None:
    section = (
        (ROOT / "docs" / "config.md").read_text().partition("## Kept for a later version")[2].partition("\n## ")[0]
    )
    for key in (*PROJECT.keys, *JOB.keys):
        if key.later:
            assert f"`{key.name}`" in section, key.name


def test_configs_in_the_documents_are_valid_without_a_warning() -> None:
    blocks = [
        (page, block)
        for page in (ROOT / "README.md", ROOT / "docs" / "config.md")
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        if "jobs:" in block
    ]
    assert len(blocks) >= 2
    for page, block in blocks:
        assert read(block, None, "metis.config.yml").problems == (), _name(page)


@pytest.mark.parametrize("example", sorted(path for path in ROOT.glob("examples/*/") if path.is_dir()), ids=_name)
def test_examples_are_valid_without_a_warning(example: Path) -> None:
    config = find_config(example)
    assert config is not None
    assert load(config).problems == ()


def test_the_lock_file_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
