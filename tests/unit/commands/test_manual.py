import shutil
import subprocess
from pathlib import Path

import pytest

from skafd.commands.application import COMMANDS
from tests.unit.commands.conftest import Shell


def test_every_command_has_a_page(shell: Shell) -> None:
    assert shell("man", "pages").code == 0
    pages = {path.stem for path in Path("pages").iterdir()}
    assert {f"skafd-{name}" for name in COMMANDS} | {"skafd"} <= pages
    assert "skafd-create-job" in pages


def test_pages_are_good_roff(shell: Shell) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.fail("groff is needed to check manual pages: apt install groff-base")
    shell("man", "pages")
    pages = sorted(Path("pages").iterdir())
    ran = subprocess.run([groff, "-man", "-Tutf8", "-ww", *pages], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert "Do not ask." in ran.stdout
