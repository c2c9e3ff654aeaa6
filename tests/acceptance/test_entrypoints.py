"""Every kind of entrypoint runs; what could not is refused before it is live."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import pytest

from tests.support.installed import Installed

CONFIG = """\
name: mixed
env: {{PATH: "{path}"}}
jobs:
  - {{name: module, module: "package.main 'a b'", on_deploy: wait}}
  - {{name: shell, entrypoint: "steps/load.sh 'us east'", on_deploy: wait}}
  - {{name: words, language: bash, entrypoint: "[[ a < b ]] && echo 'yes  |  no'", on_deploy: wait}}
  - {{name: tool, entrypoint: tool --fast, on_deploy: wait}}
  - {{name: r, language: r, on_deploy: wait}}
  - {{name: steps, entrypoint: "one.py | sleep 0.1 | 'module: package.main' x", on_deploy: wait}}
"""
FILES = {
    "package/__init__.py": "",
    "package/main.py": "import sys\nprint('module', sys.argv[1:])\n",
    "steps/load.sh": 'x=($1); echo "bash ${#x[@]} $1"\n',
    "tool": "#!/bin/sh\necho tool $*\n",
    "main.R": "cat('never read: Rscript is a stand-in')\n",
    "one.py": "print('one')\n",
}


def write(installed: Installed, config: str) -> Path:
    folder = installed.write_project("mixed", {**FILES, "metis.config.yml": config})
    (folder / "tool").chmod(0o755)
    return folder


def stand_in(folder: Path) -> Path:
    """A folder with an Rscript that prints what it is to execute."""
    folder.mkdir()
    (folder / "Rscript").write_text("#!/bin/sh\necho R $*\n")
    (folder / "Rscript").chmod(0o755)
    return folder


def test_each_kind_runs(installed: Installed) -> None:
    path = f"{stand_in(installed.root / 'r')}:{os.environ['PATH']}"
    config = CONFIG.format(path=path).replace("'module: package.main' x", "module: package.main x")
    # The job's own PATH goes before the environment's.
    installed.ok("up", write(installed, config), "--detach")
    said = {
        "module": "module ['a b']\n",
        "shell": "bash 2 us east\n",
        "words": "yes  |  no\n",
        "tool": "tool --fast\n",
        "r": "R main.R\n",
        "steps": "one\nmodule ['x']\n",
    }
    for job, text in said.items():
        installed.ok("run", "mixed", job, "--only", "--wait")
        assert installed.ok("logs", f"mixed/{job}") == text


def test_r_reads_its_arguments_hands_a_value_on_and_fails_as_r_fails(installed: Installed) -> None:
    if shutil.which("Rscript") is None:
        warnings.warn(pytest.PytestWarning("!!! NO R HERE: scripts in R are not tried !!!"), stacklevel=1)
        pytest.skip("!!! there is no Rscript on this machine: apt install r-base-core, or run the tests as root !!!")
    jobs = """\
  - {name: fit, entrypoint: "models/fit.R 'us east'", on_deploy: wait}
  - {name: each, entrypoint: each.R, dependencies: [fit], foreach: {output: fit}, on_deploy: wait}
  - {name: fails, entrypoint: fails.R, on_deploy: wait}
"""
    fit = """\
argument <- commandArgs(trailingOnly = TRUE)
data <- read.csv("data.csv")
cat(argument, coef(lm(y ~ x, data))[["x"]], "\\n")
writeLines("[1, 2]", Sys.getenv("SKAFD_OUTPUT"))
"""
    files = {
        "metis.config.yml": f"name: lab\njobs:\n{jobs}",
        "models/fit.R": fit,
        "each.R": 'cat("item", Sys.getenv("SKAFD_ITEM"), "\\n")\n',
        "fails.R": 'stop("no data today")\n',
        "data.csv": "x,y\n1,2\n2,4\n3,6\n",
    }
    installed.ok("up", installed.write_project("lab", files), "--detach")
    installed.ok("run", "lab", "fit", "--wait")
    assert installed.ok("logs", "lab/1/fit") == "us east 2 \n"
    assert "item 2" in installed.ok("logs", "lab/1/each[1]")
    assert installed.command("run", "lab", "fails", "--wait").returncode == 1
    assert "no data today" in installed.ok("logs", "lab/fails")


def test_what_would_not_be_found_is_refused_with_its_place_and_the_last_version_stays(installed: Installed) -> None:
    good = "name: mixed\njobs:\n  - name: one\n    entrypoint: one.py\n    on_deploy: wait\n"
    folder = write(installed, good)
    installed.ok("up", folder, "--detach")
    (folder / "metis.config.yml").write_text(good.replace("one.py", "one.py | nosuch-program --fast"))
    refused = installed.command("up", folder, "--detach")
    assert refused.returncode == 1
    text = refused.stdout + refused.stderr
    assert "metis.config.yml:4:17: error: nosuch-program is not on this machine [missing-program]" in text
    assert "apt install nosuch-program" in text
    assert installed.project("mixed")["deployment"]["number"] == 1
