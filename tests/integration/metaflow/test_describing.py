"""Asking a flow file what it is: run once, in a sandbox, with every way in which that may go wrong."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.errors import DeployError
from skafd.metaflow.describing import SAID, Asking, describe, read_description
from skafd.model.entrypoint import Script
from skafd.sandbox.cgroup.detect import clear, detect

FLOW = Script("flow.py")


@pytest.fixture
def asking() -> Iterator[Asking]:
    """A project of one file, an interpreter, and a package that is called metaflow."""
    root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    place = detect(root)
    for folder in ("ask", "code", "packages/metaflow", "extension"):
        (root / folder).mkdir(parents=True)
    (root / "packages" / "metaflow" / "__init__.py").touch()
    variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root / "packages")}
    yield Asking(
        directory=root / "ask" / "1",
        python=Path(sys.executable),
        snapshot=root / "code",
        links={"data": "/tmp"},
        variables=variables,
        place=place,
        extension=root / "extension",
        datastore=root / "store" / ".metaflow",
        secrets=("s3cret-value",),
    )
    clear(place)
    shutil.rmtree(root)


def says(asking: Asking, code: str) -> Asking:
    (asking.snapshot / "flow.py").write_text(code)
    return asking


def test_the_answer_is_what_it_writes(asking: Asking) -> None:
    code = "import json, sys\njson.dump({'arguments': sys.argv[1:-1]}, open(sys.argv[-1].split('=')[1], 'w'))\n"
    found = describe(says(asking, code), replace(FLOW, arguments=("--with", "retry")))
    assert found["arguments"] == ["--quiet", "--no-pylint", "--with", "retry", "skafd", "describe"]
    assert asking.datastore.is_dir()


def test_whoever_writes_pypi_is_asked_once_more(asking: Asking) -> None:
    code = (
        "import json, sys\n"
        "if '--environment=pypi' not in sys.argv: sys.exit('@pypi decorator requires --environment=conda')\n"
        "json.dump({}, open(sys.argv[-1].split('=')[1], 'w'))\n"
    )
    assert describe(says(asking, code), FLOW) == {}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("\nraise ValueError('no')\n", "flow.py:2: the flow cannot be deployed"),
        ("def broken(:\n", "flow.py:1: the flow cannot be deployed"),
        ("import sys\nsys.exit('found an issue in file flow.py on line 17')\n", "flow.py:17: the flow"),
        ("print('nothing')\n", "flow.py runs no flow"),
        ("import time\ntime.sleep(600)\n", "did not say within"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(asking: Asking, code: str, words: str) -> None:
    with pytest.raises(DeployError, match=words):
        describe(replace(says(asking, code), timeout_seconds=5.0), FLOW)


def test_without_metaflow_it_says_what_to_add(asking: Asking) -> None:
    with pytest.raises(DeployError, match="metaflow is not in the project's environment") as refused:
        describe(replace(says(asking, "pass"), variables={"PATH": "/usr/bin:/bin"}), FLOW)
    assert refused.value.hint == "add a line `metaflow` to requirements.txt"


def test_secrets_are_not_repeated(asking: Asking) -> None:
    with pytest.raises(DeployError) as refused:
        describe(says(asking, "raise ValueError('the key s3cret-value is wrong')\n"), FLOW)
    assert "s3cret-value" not in refused.value.message
    assert "the key *** is wrong" in refused.value.message


def test_a_description_that_cannot_be_read_is_refused(asking: Asking) -> None:
    (asking.snapshot / SAID).write_text("{")
    with pytest.raises(DeployError, match=r"skafd-flow\.json cannot be read"):
        read_description(asking.snapshot / SAID)
